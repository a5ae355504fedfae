"""The vocabulary of the shop: departments, categories, nouns, adjectives, brands."""

from collections.abc import Mapping

CATEGORIES_PER_DEPARTMENT = 5

DEPARTMENTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Kitchen": {
        "Cookware": ("Pan", "Pot", "Wok"),
        "Cutlery": ("Knife", "Fork Set", "Peeler"),
        "Tableware": ("Plate", "Bowl", "Mug"),
        "Bakeware": ("Cake Tin", "Rolling Pin", "Whisk"),
        "Storage": ("Jar", "Lunch Box", "Bread Bin"),
    },
    "Home": {
        "Lighting": ("Lamp", "Lantern", "Candle Holder"),
        "Textiles": ("Cushion", "Blanket", "Curtain"),
        "Decoration": ("Vase", "Picture Frame", "Wall Clock"),
        "Furniture": ("Stool", "Shelf", "Side Table"),
        "Bath": ("Towel", "Bath Mat", "Soap Dish"),
    },
    "Garden": {
        "Tools": ("Spade", "Rake", "Secateurs"),
        "Planters": ("Flower Pot", "Hanging Basket", "Barrel"),
        "Seeds": ("Herb Seeds", "Tomato Seeds", "Meadow Mix"),
        "Outdoor": ("Deck Chair", "Parasol", "Fire Bowl"),
        "Wildlife": ("Bird Feeder", "Nest Box", "Bee Hotel"),
    },
    "Clothing": {
        "Tops": ("Shirt", "Sweater", "Blouse"),
        "Trousers": ("Jeans", "Chinos", "Shorts"),
        "Shoes": ("Boots", "Sandals", "Trainers"),
        "Coats": ("Parka", "Raincoat", "Gilet"),
        "Accessories": ("Scarf", "Belt", "Hat"),
    },
    "Sports": {
        "Running": ("Running Shoes", "Running Vest", "Stopwatch"),
        "Cycling": ("Helmet", "Bike Light", "Saddle Bag"),
        "Camping": ("Tent", "Sleeping Bag", "Stove"),
        "Fitness": ("Kettlebell", "Yoga Mat", "Skipping Rope"),
        "Water": ("Swimsuit", "Goggles", "Dry Bag"),
    },
    "Electronics": {
        "Audio": ("Headphones", "Speaker", "Turntable"),
        "Computing": ("Keyboard", "Mouse", "Monitor"),
        "Photo": ("Camera", "Tripod", "Lens"),
        "Power": ("Charger", "Power Bank", "Cable"),
        "Smart Home": ("Thermostat", "Smart Plug", "Doorbell"),
    },
    "Toys": {
        "Puzzles": ("Jigsaw", "Brain Teaser", "Cube"),
        "Building": ("Brick Set", "Marble Run", "Train Set"),
        "Dolls": ("Doll", "Doll House", "Teddy Bear"),
        "Games": ("Board Game", "Card Game", "Dice Game"),
        "Crafts": ("Paint Set", "Bead Kit", "Clay Kit"),
    },
    "Books": {
        "Crime": ("Detective Story", "Thriller", "Cold Case"),
        "Fantasy": ("Dragon Saga", "Fairy Tale", "Quest"),
        "Science": ("Star Atlas", "Field Guide", "Physics Primer"),
        "Cooking": ("Cookbook", "Baking Book", "Wine Guide"),
        "Travel": ("City Guide", "Road Atlas", "Travel Diary"),
    },
}

ADJECTIVES = (
    "Amber", "Bold", "Classic", "Compact", "Cosy", "Delicate", "Elegant", "Floral", "Folding",
    "Golden", "Handmade", "Heritage", "Light", "Lucky", "Minimal", "Modern", "Natural", "Nordic",
    "Playful", "Quiet", "Retro", "Rugged", "Silver", "Vivid",
)  # fmt: skip
"""The adjective of a title tells which way the item leans inside its category."""

NOUNS_PER_CATEGORY = 3

BRANDS = (
    "Alder", "Birchwood", "Corvus", "Dunmore", "Elmstead", "Fennick", "Grayling", "Hollin",
    "Ivory & Ash", "Juniper Row", "Kestrel", "Lindqvist", "Marlowe", "Northcote", "Orrin",
    "Penhallow", "Quillan", "Redfern", "Selwyn", "Tamsin", "Umber", "Valdane", "Wrenfield",
    "Yarrow",
)  # fmt: skip

COUNTRIES = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "SE", "PL", "JP", "BR", "IN")
AGE_GROUPS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
DEVICES = ("phone", "desktop", "tablet")

_LEAVES = tuple(
    (department, category, nouns)
    for department, leaves in DEPARTMENTS.items()
    for category, nouns in leaves.items()
)


def _numbered(name: str, category: int) -> str:
    generation = category // len(_LEAVES)
    return f"{name} {generation + 1}" if generation else name


def department(category: int) -> str:
    """Name of the department of a category; names repeat with a number past the 40 written."""
    return _numbered(_LEAVES[category % len(_LEAVES)][0], category)


def category(number: int) -> str:
    """Name of a leaf category, such as `Cookware`, `Cookware 2` from the 41st on."""
    return _numbered(_LEAVES[number % len(_LEAVES)][1], number)


def noun(category: int, number: int) -> str:
    """The noun of a title: one of three of its category."""
    return _LEAVES[category % len(_LEAVES)][2][number]
