"""Kinds of hyper-parameters: a value outside is one line of error before a run begins. Numbers must be finite."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

Count = Annotated[int, Field(ge=1)]
Few = Annotated[int, Field(ge=1, le=100)]
CountFrom0 = Annotated[int, Field(ge=0)]
FewFrom0 = Annotated[int, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Inside = Annotated[float, Field(gt=0, lt=1)]
"""A share that is neither none nor all."""
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Text = Annotated[str, Field(min_length=1)]


def _compiles(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no pattern: {error}") from error
    return text


Pattern = Annotated[Text, AfterValidator(_compiles)]
"""A regular expression."""
