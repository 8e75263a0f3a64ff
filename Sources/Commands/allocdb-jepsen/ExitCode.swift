import CommandDescriptions

/// How the tool ends: the codes of the field (Jepsen's own), in one place.
enum ExitCode: Int32, CaseIterable {
    case passed = 0
    case blocked = 1
    case unknown = 2
    case interrupted = 130
    case usage = 254
    case internalError = 255

    var meaning: String {
        switch self {
        case .passed: "passed, or done"
        case .blocked: "blocked: a promise was broken"
        case .unknown:
            "unknown: nobody can say, because something needed failed or too little "
                + "happened"
        case .interrupted: "interrupted by a signal; everything was healed and stopped first"
        case .usage: "wrong usage"
        case .internalError: "an error of this tool"
        }
    }

    static func described(_ codes: [ExitCode]) -> [ExitStatusDescription] {
        codes.map { ExitStatusDescription($0.rawValue, $0.meaning) }
    }
}
