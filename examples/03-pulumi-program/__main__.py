"""A program of your own around a stack file: headend declares, the rest of the program builds on what came of it."""

from pathlib import Path

import pulumi

from headend.pulumi.program import declare

made = declare(Path(__file__).parent, "channel")  # channel.yaml, whatever the selected stack is called

studio = made["ateme.environments.channel.inputs.studio"]
pulumi.export("studio", studio.id.apply(lambda id: f"send the studio's SRT to input {id}"))
pulumi.export("resources", len(made))
