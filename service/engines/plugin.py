"""What vLLM runs in each of its processes, by the entry points in pyproject.toml.

vLLM's own server from the same virtual environment stays as it is: service/engines/vllm.py names what it wants in the
environment of its own processes. These names are no settings, so they do not have the settings' prefix.
"""

import logging
import os

OURS = "NICVOICE_ENGINE"
GROUPED_LORA = "NICVOICE_GROUPED_LORA"


def quiet() -> None:
    """Drop 'Triton is installed, but ...', which vLLM says on every CPU at import, when no log level counts yet.

    Group vllm.platform_plugins, the one that runs before it; it offers no platform.
    """
    if os.environ.get(OURS):
        logging.getLogger("vllm.triton_utils.importing").setLevel(logging.ERROR)


def group_adapters() -> None:
    """Let vLLM apply adapters with service.engines.grouped_lora where it runs on a CPU. Group vllm.general_plugins."""
    if not os.environ.get(GROUPED_LORA):
        return
    from vllm.platforms import current_platform

    if current_platform.is_cpu():
        wrapper = "service.engines.grouped_lora.GroupedLora"
        type(current_platform).get_punica_wrapper = classmethod(lambda _: wrapper)
