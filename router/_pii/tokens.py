"""Secrets in a text: keys and tokens of known services by their published form, private keys, and assigned passwords.

Each form is checked as far as it can be (lengths, alphabets, a JWT's header that decodes, real randomness); names of
variables, templates and masked values ("${PASSWORD}", "xxxx", "your-key-here") are left alone.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from adapters.patterns import lazy
from router._pii.finding import Finding

# Published forms (services' own documentation). A repeated character is tolerated where the prefix is unmistakable.
_FORMS: Final[tuple[tuple[str, str, float], ...]] = (
    (
        "aws",
        r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|A3T[A-Z0-9])[A-Z0-9]{16}(?![A-Z0-9])",
        0.93,
    ),
    ("github", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,90})\b", 0.97),
    (
        "gitlab",
        r"\bgl(?:pat|oas|cbt|dt|ft|imt|agent|rt|soat|ffct|ptt|rtr|wt)-[\w-]{15,110}(?:\.[\w.]{5,20})?|\bGR1348941[\w-]{20,}\b",
        0.9,
    ),
    (
        "slack",
        r"\bxoxb-\d{8,14}-[A-Za-z0-9-]{10,}|\bxox[ps]-\d{5,13}-\d{5,13}-\d{5,13}-[0-9a-f]{6,}|\bxoxp-\d+-\d{9,}-[A-Za-z0-9-]{20,}|\bxox[ar]-(?:\d-)?[0-9A-Za-z]{6,}-[0-9A-Za-z-]{8,60}|\bxoxe\.xox[bp]-\d-[A-Za-z0-9]{100,180}|\bxoxe-\d-[A-Za-z0-9]{100,180}|\bxoxo-\d+-[A-Fa-f\d]{8,}|\bxapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+|hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{30,60}",
        0.93,
    ),
    (
        "openai",
        r"\bsk-(?:proj-|svcacct-|admin-|[A-Za-z0-9-]{0,20})?[A-Za-z0-9_-]{16,90}T3BlbkFJ[A-Za-z0-9_-]{16,90}|\bsk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,170}|\bsk-[A-Za-z0-9]{40,60}\b",
        0.93,
    ),
    ("anthropic", r"\bsk-ant-(?:api|admin|oat|ort|sid)\d{2}-[\w-]{93}AA(?![\w-])", 0.95),
    ("google", r"\bAIza[\w-]{35}\b|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{20,40}", 0.95),
    ("stripe", r"\b[rs]k_(?:test|live|prod)_[A-Za-z0-9]{10,99}\b|\bwhsec_[A-Za-z0-9]{24,}\b", 0.95),
    ("twilio", r"\b(?:SK|AC)[0-9a-fx]{32}\b", 0.85),
    ("sendgrid", r"\bSG\.[\w-]{16,32}\.[\w-]{16,64}\b", 0.96),
    ("mailchimp", r"\b[0-9a-f]{32}-us\d{1,2}\b", 0.95),
    ("mailgun", r"\bkey-[0-9a-f]{32}\b|\bpubkey-[0-9a-f]{32}\b", 0.9),
    ("npm", r"\bnpm_[A-Za-z0-9]{36}\b", 0.96),
    ("pypi", r"\bpypi-AgE[A-Za-z0-9_-]{20,}", 0.9),
    (
        "rubygems, rails",
        r"\brubygems_[0-9a-f]{48}\b|\bBUNDLE_(?:GEMS|ENTERPRISE)__CONTRIBSYS__COM\s*[=:]\s*\W?[0-9a-f]{8}:[0-9a-f]{8}|https?://[0-9a-f]{8}:[0-9a-f]{8}@(?:gems|enterprise)\.contribsys\.com",
        0.95,
    ),
    ("hugging face", r"\b(?:hf|api_org)_[A-Za-z]{30,40}\b", 0.93),
    ("digitalocean", r"\bdo[opr]_v1_[0-9a-f]{64}\b", 0.97),
    ("shopify", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b", 0.97),
    ("square", r"\b(?:sq0[a-z]{3}-[\w-]{22,43}|EAAA[\w-]{60})\b", 0.93),
    ("discord", r"(?<![\w.-])[MNO][A-Za-z\d_-]{23,25}\.[\w-]{6}\.[\w-]{27}(?:[\w-]{11})?(?![\w-])", 0.92),
    ("discord hook", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,72}", 0.97),
    ("telegram", r"(?<!\d)\d{8,10}:AA[\w-]{33}(?![\w-])", 0.95),
    ("notion", r"\b(?:ntn_\d{11}[A-Za-z0-9]{35}|secret_[A-Za-z0-9]{43})\b", 0.95),
    ("linear", r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,64}\b", 0.95),
    ("sentry", r"\bsntr(?:ys|yu)_[A-Za-z0-9+/=_-]{40,}", 0.94),
    ("sourcegraph", r"\bsgp_(?:[0-9a-fA-F]{16}_|local_)?[0-9a-fA-F]{40}\b|\bslk_[0-9a-f]{64}\b", 0.95),
    ("fly.io", r"\bfo1_[\w-]{43}|\bfm[12][ar]?_[A-Za-z0-9+/=_-]{80,}", 0.95),
    ("intra 42", r"\bs-s4t2(?:ud|af)-[0-9a-f]{64}\b", 0.95),
    ("openshift", r"\bsha256~[\w-]{43}(?![\w-])", 0.93),
    (
        "hashicorp",
        r"\b(?:hvs|hvb)\.[\w-]{80,250}|\b[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{50,90}|\bs\.[A-Za-z0-9]{24}\b",
        0.9,
    ),
    (
        "databricks, grafana",
        r"\bdapi[0-9a-f]{32}(?:-\d)?\b|\bglsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}\b|\bglc_[A-Za-z0-9+/]{32,400}={0,2}",
        0.95,
    ),
    (
        "doppler, planetscale, prefect, pulumi",
        r"\bdp\.(?:pt|st|ct|scim|audit)\.[A-Za-z0-9]{40,44}\b|\bpscale_(?:tkn|pw|oauth)_[\w.-]{32,64}\b|\bpnu_[A-Za-z0-9]{36}\b|\bpul-[0-9a-f]{40}\b",
        0.95,
    ),
    (
        "postman, new relic, dynatrace",
        r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b|\bNR(?:AK|JS|II|IQ|RA)-[\w-]{19,32}\b|\bdt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}\b",
        0.95,
    ),
    (
        "airtable, asana, atlassian",
        r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b|\bATATT3[\w=-]{180,200}|\bATCTT3[\w=-]{180,200}",
        0.95,
    ),
    ("artifactory", r"\bAKCp[A-Za-z0-9]{69}\b|\bcmVmdGtu[A-Za-z0-9]{56}\b", 0.95),
    (
        "perplexity, groq, xai, openrouter, replicate",
        r"\bpplx-[A-Za-z0-9]{48}\b|\bgsk_[A-Za-z0-9]{50,54}\b|\bxai-[A-Za-z0-9]{70,90}\b|\bsk-or-v1-[0-9a-f]{64}\b|\br8_[A-Za-z0-9]{37}\b",
        0.95,
    ),
    (
        "facebook, typeform, figma",
        r"\bEAA[A-Za-z0-9]{60,250}\b|\btfp_[A-Za-z0-9_=.-]{50,62}\b|\bfigd_[\w-]{40}\b",
        0.93,
    ),
    ("infracost, scalingo, easypost", r"\bico-[A-Za-z0-9]{32}\b|\btk-us-[\w-]{48}\b|\bEZ[AT]K[A-Za-z0-9]{54}\b", 0.93),
    (
        "age, 1password",
        r"\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}\b|\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}\b|\bops_eyJ[A-Za-z0-9+/]{100,}",
        0.96,
    ),
    (
        "adafruit, clickhouse, cloudflare",
        r"\baio_[A-Za-z0-9]{28}\b|\b4b1d[A-Za-z0-9]{38}\b|\bv1\.0-[0-9a-f]{24}-[0-9a-f]{146}\b",
        0.92,
    ),
)
_KNOWN: Final = tuple((name, lazy(pattern), score) for name, pattern, score in _FORMS)
_KEY_BLOCK: Final = lazy(
    r"-----BEGIN ([A-Z0-9 ]{0,40})PRIVATE KEY(?: BLOCK)?-----([\s\S]{0,9000}?)(?:-----END|$)|PuTTY-User-Key-File-\d"
)
_JWT: Final = lazy(r"(?<![\w.-])(e[yw][\w-]{8,})\.([\w-]{6,}={0,2})(?:\.([\w-]*))?(?![\w-])")
_AZURE: Final = lazy(r"(?:AccountKey|SharedAccessKey|SharedSecret)\s*=\s*([A-Za-z0-9+/]{40,90}={0,2})", re.IGNORECASE)
_URL_LOGIN: Final = lazy(
    r"\b([a-z][a-z0-9+.-]{1,20})://([^\s:/@\"'<>{}$%]{1,60}):([^\s:/@\"'<>]{2,120})@(?=[\w\[])", re.IGNORECASE
)
_CURL_LOGIN: Final = lazy(r"\bcurl\b[\s\S]{0,400}?\s(?:-u|--user)[ =]*[\"']?([^\s:\"']{1,80}):[\"']?([^\s\"']{3,200})")
_HEADER: Final = lazy(
    r"\b(?:authorization|x-api-key|api-key|x-auth-token|private-token|job-token|x-vault-token|cookie|token)\b[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token|apitoken|api-token|digest)\s+)?([A-Za-z0-9._~+/=@!-]{8,500})",
    re.IGNORECASE,
)
_NAME: Final = (
    r"(?:[\w.-]{0,40}?(?:passw(?:or)?d|passwd|pwd|passphrase|passcode|secret|api[_. -]?key|apikey|access[_. -]?(?:key|token|id)|auth[_. -]?(?:key|token)|(?<![A-Za-z])auth|token|credentials?|private[_. -]?key|client[_. -]?secret|encryption[_. -]?key|signing[_. -]?key|bearer|"
    r"(?:master|service|account|storage|shared|license|deploy|session|app|consumer|host|server)[_. -]?key|(?<![A-Za-z])(?:pin|cvv|key)|passwort|kennwort|contraseña|clave|mot de passe|mdp|senha|kata laluan)(?:[_.-]?(?:key|value|id|prod|dev|test|live|\d+))?)"
)
_ASSIGNED: Final = lazy(
    rf"(?<![\w$]){_NAME}[\"'\])]{{0,3}}\s*(?::=|=>|={{1,3}}|:|\bis\b|\bist\b|\bes\b|\best\b|é|è|\badalah\b|,\s*[\"'])\s*[\"'`(]{{0,3}}([^\s\"'`,;<>()]{{4,200}})",
    re.IGNORECASE,
)
_SPOKEN: Final = lazy(
    r"\b(?:password|passcode|pin|passwort|kennwort|contraseña|mot de passe|senha|kata laluan)\b", re.IGNORECASE
)
_TEMPLATE: Final = lazy(
    r"^[$%<{\[(*]|[$%]\{|\{\{|<%|%\(|^%s|\$\w|^(?:x{3,}|\*{3,}|\.{3,}|-+|_+|#+)|x{6,}|X{6,}|\*{4,}|^(?:null|none|nil|true|false|undefined|empty|required|optional|string|str|int|bool|void|return|self|this|process|os|env|config|get\w*|new|function|var|let|const|import|example|sample|dummy|test(?:ing)?|"
    r"change ?me|placeholder|todo|fixme|password|passwd|secret|token|key|apikey|api[_-]?key|your[\w-]*|my[-_]?(?:password|secret|token|key)|enter[\w-]*|insert[\w-]*|redacted|hidden|masked|removed|the|a|an|not|wrong|incorrect|too|invalid|valid|expired|missing|correct|safe|strong|weak|lost|forgotten|same|very|always|never|in|on|of|for|to|and|or|with|needed|stored|used|what|how|bad|good)$|"
    r"example|placeholder|your[-_]|[-_]here\b|<\w+>|\$\(|`",
    re.IGNORECASE,
)  # fmt: skip


def entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    n = len(text)
    return -sum(c / n * math.log2(c / n) for c in Counter(text).values()) if n else 0.0


def find(text: str) -> list[Finding]:
    """Secrets in a text, in no order; stretches may overlap."""
    found = [
        Finding(m.start(), m.end(), f"secret ({name})", score if _varied(m.group()) else 0.25)
        for name, pattern, score in _KNOWN
        for m in pattern.finditer(text)
    ]
    return [*found, *_structured(text), *_named(text)]


def _varied(token: str) -> bool:
    """Not one character over and over, as in documentation ("ghp_xxxxxxxx")."""
    body = re.sub(r"^[A-Za-z0-9]{1,10}[-_.~]", "", token)
    runs = max((len(m.group()) for m in re.finditer(r"(.)\1*", body)), default=0)
    return len(set(body)) >= 4 and runs < max(6, len(body) // 3) and "xxxx" not in body.lower() and "XXXX" not in body


def _structured(text: str) -> Iterator[Finding]:
    for m in _KEY_BLOCK.finditer(text):
        body = re.sub(r"\\n|\s|-", "", m.group(2) or "")
        yield Finding(
            m.start(), m.end(), "secret (private key)", 0.97 if len(body) >= 30 or m.group(2) is None else 0.3
        )
    for m in _JWT.finditer(text):
        if _decodes(m.group(1)) and (m.group(3) is not None or _decodes(m.group(2))):
            yield Finding(m.start(), m.end(), "secret (jwt)", 0.95)
    for m in _AZURE.finditer(text):
        yield Finding(m.start(1), m.end(1), "secret (azure)", 0.95)
    for m in _URL_LOGIN.finditer(text):
        secret = m.group(3)
        yield Finding(
            m.start(3),
            m.end(3),
            "secret (password in an address)",
            0.15 if _TEMPLATE.search(secret) and secret.lower() != "password" else 0.88,
        )
    for m in _CURL_LOGIN.finditer(text):
        if not _TEMPLATE.search(m.group(2)) and not _TEMPLATE.search(m.group(1)):
            yield Finding(m.start(2), m.end(2), "secret (login)", 0.85)
    for m in _HEADER.finditer(text):
        value = m.group(1)
        if not _TEMPLATE.search(value) and len(value) >= 8:
            strong = entropy(value) >= 3.0 and re.search(r"\d", value) is not None and len(value) >= 16
            sent = "curl" in text[max(0, m.start() - 300) : m.start()]
            yield Finding(m.start(1), m.end(1), "secret (header)", 0.85 if strong else 0.7 if sent else 0.4)


def _decodes(part: str) -> bool:
    """Whether a part of a JWT is base64url of a JSON object."""
    try:
        held = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(held, dict)


def _named(text: str) -> Iterator[Finding]:
    for m in _ASSIGNED.finditer(text):
        value = m.group(1).rstrip(".!?:]}\\")
        start, end = m.start(1), m.start(1) + len(value)
        if (
            len(value) < 4
            or _TEMPLATE.search(value)
            or re.search(
                r"[(\[]|->|::|\.\w+\(|^\w+\.\w+\.\w+$|^/|^\.\.?/|^https?:|\.(?:pem|key|json|ya?ml|txt|py|js|ts|go|rb|u16)$",
                value,
            )
        ):
            continue
        name = text[m.start() : m.start(1)]
        if re.search(
            r"public|pub[_-]?key|csrf|xsrf|length|size|count|name|file|path|url|uri|type|version|field|column|index|primary|foreign|schema|sort|cache|partition|bucket|object|lookup|dictionary|author|key(?:board|stroke|word|pad|frame)|monkey|turkey|whiskey|donkey|hockey",
            name,
            re.IGNORECASE,
        ):
            continue
        spoken = _SPOKEN.search(name) is not None
        letters, digits = bool(re.search(r"[A-Za-z]", value)), bool(re.search(r"\d", value))
        bits = entropy(value)
        word = re.fullmatch(r"[A-Za-z]+(?:[-_.][A-Za-z]+)*", value) is not None
        score = 0.1
        if spoken and not word and len(value) >= 5 and (digits or re.search(r"[^\w]", value)):
            score = 0.85
        elif re.fullmatch(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", value):
            score = (
                0.75
                if re.search(r"secret|hubspot|api[_. -]?key|heroku|token|password", name, re.IGNORECASE)
                and not re.search(r"id\b|kms|arn", name, re.IGNORECASE)
                else 0.2
            )
        elif letters and digits and len(value) >= 12 and bits >= 3.2 and not word:
            score = 0.7 if bits >= 3.5 else 0.5
        elif letters and digits and len(value) >= 8 and bits >= 2.7:
            score = 0.4
        elif spoken and len(value) >= 6 and not word:
            score = 0.5
        if "=" in name or ":" in name or score >= 0.5:
            yield Finding(start, end, "secret (assigned)", score)
