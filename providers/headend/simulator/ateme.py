"""The simulated Ateme+ Cloud API: everything of it that headend manages."""

from __future__ import annotations

from headend.simulator.ateme_accounts import Environments, Office, Sessions
from headend.simulator.ateme_alerts import Alerts, Labels
from headend.simulator.ateme_events import Events
from headend.simulator.ateme_monitoring import Monitoring
from headend.simulator.ateme_multi_viewers import MultiViewers
from headend.simulator.ateme_schedules import Schedules
from headend.simulator.ateme_signal import Inputs, Outputs
from headend.simulator.ateme_transcoders import Transcoders


class Ateme(
    Sessions,
    Office,
    Labels,
    Alerts,
    Events,
    MultiViewers,
    Transcoders,
    Monitoring,
    Schedules,
    Inputs,
    Outputs,
    Environments,
):
    """Serves /ateme. Accepts the credentials of `base.CREDENTIALS`; everything else about it is in the parents."""

    name = "ateme"
