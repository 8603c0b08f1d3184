"""Who the simulated people are: derived from seed and number, so that millions of them need no memory.

No identifier belongs to two people, unless households share a tablet on purpose. Addresses end in example.com, phones
stand in the range +44 71, which no one answers in this simulation's world.
"""

from msgspec import Struct

MASK = (1 << 64) - 1
HOUSEHOLD = 3
FIRST_NAMES = (
    "ada", "alan", "amina", "bea", "carlos", "chloe", "dev", "edith", "farah", "george", "grace", "hana", "ivan",
    "jonas", "katherine", "li", "maya", "noor", "olu", "petra", "quentin", "rosa", "sven", "tom", "uma", "zoe",
)  # fmt: skip
LAST_NAMES = (
    "ahmed", "baker", "byron", "clark", "diaz", "evans", "fischer", "garcia", "hopper", "ito", "johnson", "khan",
    "lovelace", "martin", "novak", "okafor", "patel", "quinn", "rossi", "smith", "turing", "weber", "young",
)  # fmt: skip
ZONES = ("Europe/London",) * 13 + ("Europe/Dublin", "Europe/Berlin", "Europe/Madrid")
LANGUAGES = {"Europe/Berlin": "de", "Europe/Madrid": "es"}


class Person(Struct, frozen=True, gc=False):
    """One person; `cookies` are browsers, `devices` app installations. Phones are E.164."""

    index: int
    loyalty: str
    email: str | None
    phone: str | None
    cookies: tuple[str, ...]
    devices: tuple[str, ...]
    two_identities: bool
    name: str
    birthday: str
    time_zone: str
    language: str


class Census(Struct, frozen=True):
    """Derives people; the shares are those of `Rates`."""

    seed: int
    email_share: float
    phone_share: float
    two_identities_share: float
    shared_device_share: float

    def person(self, index: int) -> Person:
        """The person with this number; the same for the same seed."""
        bits = mix(self.seed, index)
        choice = mix(self.seed, ~index)
        two = _share(bits) < self.two_identities_share
        first = FIRST_NAMES[choice % len(FIRST_NAMES)]
        last = LAST_NAMES[(choice >> 8) % len(LAST_NAMES)]
        zone = ZONES[(choice >> 16) & 15]
        cookie_count = 1 + (choice >> 20) % 3
        device_count = 1 + ((choice >> 24) % 5 == 0)
        return Person(
            index=index,
            loyalty=f"BZ{index:08d}",
            email=f"{first}.{last}{index}@example.com" if two or _share(bits >> 16) < self.email_share else None,
            phone=f"+4471{index:08d}" if _share(bits >> 32) < self.phone_share else None,
            cookies=tuple([f"ck-{index:x}-{number}" for number in range(cookie_count)]),
            devices=self._devices(index, device_count),
            two_identities=two,
            name=f"{first.capitalize()} {last.capitalize()}",
            birthday=f"{1945 + (choice >> 28) % 60}-{1 + (choice >> 36) % 12:02d}-{1 + (choice >> 44) % 28:02d}",
            time_zone=zone,
            language=LANGUAGES.get(zone, "en"),
        )

    def shares_device(self, index: int) -> bool:
        """Whether this person's household uses one tablet together."""
        return self.shared_device_share > 0 and _share(mix(self.seed ^ MASK, index // HOUSEHOLD)) < (
            self.shared_device_share
        )

    def _devices(self, index: int, count: int) -> tuple[str, ...]:
        own = tuple([f"dev-{index:x}-{number}" for number in range(count)])
        return (f"tablet-{index // HOUSEHOLD:x}", *own[1:]) if self.shares_device(index) else own


def mix(seed: int, number: int) -> int:
    """64 well-mixed bits of two integers (the finaliser of splitmix64)."""
    value = (seed * 0x9E3779B97F4A7C15 + number * 0xD1B54A32D192ED03 + 0x2545F4914F6CDD1D) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def national(phone: str) -> str:
    """The phone as people write it at home: +447112345678 → 07112 345678."""
    return f"0{phone[3:7]} {phone[7:]}"


def _share(bits: int) -> float:
    return (bits & 0xFFFF) / 0x10000
