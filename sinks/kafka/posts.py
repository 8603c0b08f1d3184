"""Messages to other processes of the same deployment: steps for member workers, copies of members, and their ends.

They leave as soon as they are made: whoever reads one twice does nothing the second time, and what a crash takes back
is made again with the same numbers. What says that an earlier message is of no use any more waits for the commit.
"""

from collections import deque

from connectors.kafka.cluster import Cluster
from schemas.records import Packet, Post
from sinks.destination import Mark
from sinks.kafka.options import OutOptions
from sinks.kafka.writer import TopicWriter


class Posts:
    """`<prefix>.stitched` and `<prefix>.handovers`."""

    name = "posts"

    def __init__(self, cluster: Cluster, options: OutOptions) -> None:
        self._cluster, self._options = cluster, options
        self._open: list[Post] = []
        self._sealed: deque[tuple[int, list[Post]]] = deque()
        self._writer: TopicWriter | None = None

    def recover(self, committed: int, mark: Mark) -> None:
        """Begin; what waited for a commit and was lost leaves a message lying about, which is harmless."""
        self._writer = TopicWriter(self._cluster, self._options.delivery_seconds, self._options.queue_messages)

    def write(self, packet: Packet) -> None:
        """Send the packet's posts, or keep them for the commit."""
        for post in packet.posts:
            if post.after_commit:
                self._open.append(post)
            else:
                self._send(post)
        self._started().poll()

    def seal(self, epoch: int) -> Mark:
        """Wait until the brokers have everything that was sent."""
        self._started().flush()
        if self._open:
            self._sealed.append((epoch, self._open))
            self._open = []
        return {}

    def publish(self, epoch: int) -> None:
        """Send what waited for the commit."""
        while self._sealed and self._sealed[0][0] <= epoch:
            for post in self._sealed.popleft()[1]:
                self._send(post)
        self._started().poll()

    def idle(self) -> None:
        """Say it if a message was refused meanwhile."""
        self._started().poll()

    def close(self) -> None:
        """Wait for the deliveries."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()

    def _send(self, post: Post) -> None:
        self._started().send(f"{self._options.prefix}.{post.topic}", post.partition, post.key, post.value)

    def _started(self) -> TopicWriter:
        assert self._writer is not None, "recover comes first, nothing comes after close"
        return self._writer
