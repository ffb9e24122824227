"""Refusals of the bridge: one error with a status, a short code and a plain sentence, shown as page or JSON."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from bots.bridge.guard import wants_html
from bots.bridge.pages import Pages
from bots.inbound import NotAccepted

SENTENCES = {
    400: "The request cannot be read.",
    401: "Nobody is signed in here.",
    403: "That is not allowed here.",
    404: "There is nothing at this address.",
    405: "This address does not take that kind of request.",
    413: "That is too much at once. Nothing was taken.",
}


class Refusal(Exception):
    """The request is refused; `message` says what happened and what to do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(message)


class NotSignedIn(Refusal):
    """A page was asked for without a live session."""

    def __init__(self) -> None:
        super().__init__(401, "not_signed_in", "Sign in first: run `trinity login` and open the link it prints.")


def install(app: FastAPI, pages: Pages) -> None:
    """Every error becomes a small page for a browser and `{"error", "message"}` for a program."""

    def show(request: Request, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
        if wants_html(request.scope):
            page = pages.page("error.html", http_status=status, title="Not done", message=message, session=None)
            page.headers.update(headers or {})
            return page
        return JSONResponse({"error": code, "message": message}, status_code=status, headers=headers)

    async def refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        if isinstance(error, NotSignedIn) and wants_html(request.scope):
            # Shown at the address that was asked for: a link from elsewhere arrives without the strict cookie,
            # and the page's script, or its "continue" link, asks again from here, with it.
            after = request.url.path if request.method == "GET" else "/bridge"
            return pages.page("sign_in.html", http_status=401, session=None, code="", failed=False, after=after)
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        return show(request, error.status, error.code, error.message, headers)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        own = isinstance(error.detail, str) and error.status_code == 413
        message = str(error.detail) if own else SENTENCES.get(error.status_code, "The request was refused.")
        return show(request, error.status_code, f"http_{error.status_code}", message)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        places = ", ".join(sorted({str(item["loc"][-1]) for item in error.errors()}))
        return show(request, 422, "invalid", f"These parts of the request cannot be used: {places}.")

    async def not_accepted(request: Request, error: Exception) -> Response:
        assert isinstance(error, NotAccepted)
        headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
        return show(request, error.status, "not_accepted", error.sentence, headers)

    app.add_exception_handler(Refusal, refusal)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(NotAccepted, not_accepted)
