"""What Trinity talks to: models, embeddings, search, tools, each behind one small interface.

An adapter translates and measures usage; it holds no policy and no money.
"""
