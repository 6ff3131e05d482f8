"""The library's log goes to the logger "vkresnet"."""

import logging

logger = logging.getLogger("vkresnet")
logger.addHandler(logging.NullHandler())

_LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG}


def write_log(level: int, text: str) -> None:
    logger.log(_LEVELS.get(level, logging.INFO), "%s", text)
