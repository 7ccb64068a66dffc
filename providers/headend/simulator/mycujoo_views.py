"""What the simulated mycujoo has measured: the views of a summer, and a media source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from headend.simulator.table import Row

LIVE, VOD = "CONTENT_TYPE_LIVE", "CONTENT_TYPE_VOD"


def at(n: int) -> str:
    return (datetime(2026, 8, 1, 15, tzinfo=UTC) + timedelta(days=4 * n)).isoformat()


def view(n: int) -> Row:
    """The nth view: four days after the one before, of one of three streams, by one of five people."""
    stream, person, live = n % 3 + 1, n % 5, n % 4 != 3
    return {
        "project_id": "project-1",
        "stream_id": f"stream-{stream}",
        "title": ("Derby", "Cup final", "Friendly")[n % 3],
        "type_view": LIVE if live else VOD,
        "minutes": 10 + n,
        "buffering": n % 4 / 100,
        "event_time": at(n),
        "effective_time": at(n),
        "event_type": "play",
        "identity_id": f"viewer-{person}",
        "session_id": f"session-{n}",
        "ip": f"192.0.2.{person}",
        "cdn": "cdn-a",
        "isp": "isp-a",
        "city": "Bern",
        "connection_type": "wired",
        "country_code": "CH" if person else "AT",
        "region": "EU",
        "state_province": "BE",
        "os": "any",
        "device_type": "tv" if n % 2 else "phone",
        "device_name": "a device",
        "happiness_score": 90,
        "has_error": False,
    }


def measured(n: int) -> Row:
    return {
        "time": (datetime(2026, 8, 1, 15, n, tzinfo=UTC)).isoformat(),
        "audio_bit_rate": 128_000,
        "bit_rate": 6_000_000 + n,
        "connection_count": 1,
        "frame_rate": 50,
        "key_frame_consistent": True,
        "key_frame_interval": 2,
        "height": 1080,
    }
