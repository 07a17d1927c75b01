"""What is asked of MongoDB is what the page says, whatever the address asks for."""

from __future__ import annotations

from dataclasses import fields

from server.kit.database_limits import DatabaseLimits
from server.kit.mongo import connect, open_database

_OTHERWISE = (
    "w=1&journal=false&wTimeoutMS=1&readConcernLevel=local&readPreference=secondary&retryReads=false"
    "&retryWrites=false&timeoutMS=1&serverSelectionTimeoutMS=1&connectTimeoutMS=1&heartbeatFrequencyMS=600"
    "&socketTimeoutMS=1&maxPoolSize=1&waitQueueTimeoutMS=1"
)
LIMITS = DatabaseLimits(**{each.name: 40 + place for place, each in enumerate(fields(DatabaseLimits))})


def test_address_changes_nothing_of_what_is_asked() -> None:
    client = connect(f"mongodb://127.0.0.1:1/?{_OTHERWISE}", LIMITS)
    database = open_database(client, "any")
    options = client.delegate.options
    pool = options.pool_options
    client.close()

    assert database.write_concern.document == {"w": "majority", "j": True, "wtimeout": 44_000}
    assert database.read_concern.level == "majority"
    assert database.read_preference.mongos_mode == "primary"
    assert options.retry_reads
    assert options.retry_writes
    assert options.timeout is None
    assert options.server_selection_timeout == LIMITS.selection_seconds
    assert (pool.connect_timeout, pool.socket_timeout) == (LIMITS.connect_seconds, LIMITS.silence_seconds)
    assert (pool.max_pool_size, pool.wait_queue_timeout) == (LIMITS.connections, LIMITS.queue_seconds)
    assert options.heartbeat_frequency == LIMITS.heartbeat_seconds
