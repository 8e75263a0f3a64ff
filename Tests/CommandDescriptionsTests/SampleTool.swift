import CommandDescriptions

/// A tool with every kind of argument, for the tests of this target.
enum SampleTool {
    enum Format: String, CaseIterable, Sendable {
        case text
        case json
    }

    static let count = Positional(
        ValueType<UInt64>.wholeNumber("COUNT", in: 1...64), "How many to bake")
    static let files = RepeatedPositional(.file("FILE"), "Recipes to read")
    static let kind = RequiredOption("kind", .word("KIND", of: ["rye", "wheat"]), "The flour")
    static let seed = Option("seed", ValueType<UInt64>.wholeNumber("N"), "Seed of all choices")
    static let format = DefaultedOption(
        "format", ValueType<Format>.choice("FORMAT"), default: .text, shown: "text",
        "How the result is printed")
    static let output = Option("output", .folder(), "Where it's written")
    static let topping = RepeatedOption("topping", .text("NAME"), "Something on top")
    static let quiet = Flag("quiet", "Prints only the result")
    static let recipe = Option("recipe", .file(), "The recipe")

    static let bake = CommandDescription(
        name: "bake", summary: "Bakes a number of loaves",
        discussion: [
            "The oven is heated first. A loaf that is not done is never called done, however "
                + "long it has been in the oven."
        ],
        arguments: [count, kind, seed, format, output, topping, recipe, quiet],
        examples: [
            CommandExample("baker bake --kind rye 12", purpose: "A dozen of rye"),
            CommandExample(
                "baker bake --kind wheat --format json 1", purpose: "One loaf, for a program"),
        ],
        exitStatuses: [
            ExitStatusDescription(0, "everything is done"),
            ExitStatusDescription(1, "something burnt"),
        ])

    static let oven = CommandDescription(
        name: "oven", summary: "Looks after the oven",
        subcommands: [
            CommandDescription(name: "clean", summary: "Cleans it", arguments: [quiet]),
            CommandDescription(name: "heat", summary: "Heats it", arguments: [files]),
        ])

    static let secret = CommandDescription(
        name: "secret", summary: "Is not listed", isHidden: true)

    static let root = CommandDescription(
        name: "baker", summary: "Bakes bread", subcommands: [bake, oven, secret],
        exitStatuses: [ExitStatusDescription(254, "wrong usage")])
}
