"""What vLLM runs in each of its processes before it says anything: the entry point of group vllm.platform_plugins.

It offers no platform. It only keeps one line off the terminal, and only in the processes of this service's engine.
"""

import logging
import os

OURS = "NICVOICE_ENGINE"  # set by service.engines.vllm; not a setting, so without the settings' prefix


def quiet() -> None:
    """Drop 'Triton is installed, but ...', which vLLM says on every CPU at import, when no log level counts yet."""
    if os.environ.get(OURS):
        logging.getLogger("vllm.triton_utils.importing").setLevel(logging.ERROR)
