//! Words for names that people can say on the telephone. Every adjective goes with every noun.

/// How many names there are.
pub(super) const COUNT: u64 = (ADJECTIVES.len() * NOUNS.len()) as u64;

/// The adjective and noun of a number.
pub(super) fn words(number: u64) -> (&'static str, &'static str) {
    let number = usize::try_from(number % COUNT).expect("smaller than two lists of words");
    (ADJECTIVES[number % ADJECTIVES.len()], NOUNS[number / ADJECTIVES.len()])
}

#[rustfmt::skip]
const ADJECTIVES: [&str; 200] = [
    "able", "active", "agile", "airy", "alert", "amber", "ample", "apt", "ardent", "azure",
    "balmy", "bold", "bonny", "brave", "breezy", "bright", "brisk", "bronze", "busy", "calm",
    "candid", "caring", "casual", "cheery", "chief", "civil", "classy", "clean", "clear", "clever",
    "cool", "coral", "cosmic", "cosy", "crisp", "cubic", "curious", "daily", "dainty", "dapper",
    "daring", "dear", "decent", "deft", "direct", "driven", "eager", "early", "earnest", "easy",
    "elated", "elegant", "equal", "expert", "fair", "famous", "fancy", "fast", "fine", "firm",
    "fleet", "fluent", "fond", "frank", "free", "fresh", "frosty", "full", "funny", "gallant",
    "game", "generous", "gentle", "gifted", "giving", "glad", "gleaming", "global", "golden", "good",
    "grand", "great", "green", "handy", "happy", "hardy", "hearty", "helpful", "heroic", "honest",
    "humble", "ideal", "jaunty", "jolly", "joyful", "just", "keen", "kind", "known", "lasting",
    "leafy", "learned", "light", "likely", "lilac", "lively", "living", "local", "loyal", "lucid",
    "lucky", "lunar", "magic", "main", "major", "maple", "mellow", "merry", "mighty", "mild",
    "mint", "modern", "modest", "mutual", "native", "neat", "nimble", "noble", "normal", "noted",
    "novel", "oaken", "open", "optimal", "ornate", "patient", "peppy", "perky", "placid", "plucky",
    "poetic", "polite", "prime", "prompt", "proper", "proud", "pure", "quick", "quiet", "radiant",
    "rapid", "rare", "ready", "real", "regal", "rested", "rich", "robust", "rosy", "royal",
    "rustic", "sage", "sane", "saving", "scenic", "secure", "serene", "sharp", "shining", "silver",
    "simple", "sincere", "skilled", "smart", "smiling", "smooth", "snappy", "snug", "social", "solar",
    "solid", "sound", "spry", "stable", "steady", "sturdy", "sunny", "super", "sure", "swift",
    "tender", "tidy", "topical", "trusty", "upbeat", "valid", "vivid", "warm", "wise", "witty",
];

#[rustfmt::skip]
const NOUNS: [&str; 200] = [
    "acorn", "alder", "alpaca", "antler", "apple", "apricot", "aspen", "aster", "atlas", "aurora",
    "badger", "bamboo", "barley", "basil", "beacon", "beagle", "beaver", "beetle", "birch", "bison",
    "bluejay", "bobcat", "bonsai", "brook", "buffalo", "bugle", "cactus", "camel", "canary", "canoe",
    "canyon", "caribou", "cedar", "cello", "cheetah", "cherry", "chestnut", "citron", "clover", "cobalt",
    "cocoa", "collie", "comet", "condor", "cosmos", "cougar", "coyote", "crane", "cricket", "crystal",
    "cypress", "daisy", "delta", "dingo", "dolphin", "donkey", "dove", "dragon", "eagle", "egret",
    "elk", "elm", "ember", "emu", "falcon", "fennel", "fern", "ferret", "fiddle", "fig",
    "finch", "fjord", "flamingo", "flute", "forest", "fox", "gannet", "garnet", "gazelle", "gecko",
    "gibbon", "ginger", "ginkgo", "glacier", "goose", "gopher", "granite", "grouse", "gull", "harbor",
    "hare", "harp", "hawk", "hazel", "heather", "heron", "hickory", "honeybee", "horizon", "hornbill",
    "husky", "ibex", "ibis", "iguana", "impala", "iris", "island", "ivy", "jackal", "jaguar",
    "jasmine", "jay", "juniper", "kestrel", "kettle", "kitten", "kiwi", "koala", "lagoon", "lantern",
    "larch", "lark", "laurel", "lemming", "lemon", "lemur", "linden", "linnet", "lizard", "llama",
    "lobster", "lotus", "lynx", "macaw", "magnet", "magpie", "mallard", "mango", "marmot", "marten",
    "meadow", "meerkat", "melon", "meteor", "mink", "moose", "muffin", "myrtle", "narwhal", "newt",
    "nutmeg", "ocelot", "octopus", "olive", "onyx", "orca", "orchid", "oriole", "osprey", "otter",
    "owl", "panda", "parrot", "peach", "pelican", "penguin", "pepper", "pheasant", "pine", "plover",
    "plum", "pony", "poplar", "poppy", "puffin", "puma", "quail", "quartz", "quokka", "rabbit",
    "raccoon", "raven", "reindeer", "river", "robin", "rowan", "salmon", "seal", "sparrow", "spruce",
    "squirrel", "starling", "stork", "swallow", "swan", "tapir", "tiger", "toucan", "tulip", "walrus",
];
