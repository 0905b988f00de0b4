"""Recognizers: each module here is one family of FunASR models."""
