"""The topics of a deployment, as they would be made."""

from connectors.kafka.topics import TopicSpec, deployment_topics, differences


def test_a_deployment_has_these_topics() -> None:
    """One line a topic; what people read is kept by time, what states follow is compacted."""
    specs = deployment_topics(
        "shop", ["sales", "web"], partitions=4, retention_days=2, one_record_topic=True, workers=True
    )

    stamped = "message.timestamp.type=LogAppendTime"
    assert [str(spec) for spec in specs] == [
        f"sales (4 partitions, {stamped}, retention.ms=172800000)",
        f"web (4 partitions, {stamped}, retention.ms=172800000)",
        f"shop.records (4 partitions, {stamped}, retention.ms=172800000)",
        f"shop.dead_letters (4 partitions, {stamped}, retention.ms=172800000)",
        f"shop.surfaces (4 partitions, {stamped}, cleanup.policy=compact)",
        f"shop.exceptions (1 partition, {stamped}, retention.ms=-1)",
        f"shop.stitched (4 partitions, {stamped}, retention.ms=172800000)",
        f"shop.handovers (4 partitions, {stamped}, cleanup.policy=compact)",
    ]


def test_records_have_a_topic_for_each_table() -> None:
    """Without a wish for one topic, each table has its own, and the dead letters are among them once."""
    names = [spec.name for spec in deployment_topics("shop", [], partitions=1)]

    assert names == [
        "shop.events", "shop.identity", "shop.members", "shop.entries", "shop.refusals", "shop.tiers",
        "shop.offers", "shop.vouchers", "shop.signals", "shop.decisions", "shop.actions", "shop.receipts",
        "shop.alerts", "shop.dead_letters", "shop.surfaces", "shop.exceptions",
    ]  # fmt: skip


def test_retention_is_the_brokers_unless_given() -> None:
    """None leaves it to the broker, 0 keeps for ever."""
    (default, *_), (forever, *_) = (deployment_topics("p", ["in"], partitions=1, retention_days=d) for d in (None, 0))

    assert "retention.ms" not in default.settings
    assert forever.settings["retention.ms"] == "-1"


def test_differences_are_told() -> None:
    """A setting that the topic does not have is told as well; those that nobody asked for are not."""
    spec = TopicSpec("t", 2, {"a": "1", "b": "2"})

    assert differences(spec, 2, {"a": "1", "b": "2", "c": "3"}) == []
    assert differences(spec, 1, {"a": "0"}) == [
        "topic t: partitions is 1; Balanza makes it with 2",
        "topic t: a is 0; Balanza makes it with 1",
        "topic t: b is nothing; Balanza makes it with 2",
    ]
