/// A value of a YAML document with the place it stands at, so that whoever finds it wrong can say
/// where.
public struct YAMLNode: Sendable, Hashable {
    /// A line and a column, both from 1.
    public struct Place: Sendable, Hashable {
        public let line: Int
        public let column: Int

        public init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }
    }

    public enum Content: Sendable, Hashable {
        /// A text as it stands. YAML's guesses about types (`no` is false, `1:30` is 90) are not
        /// made: whoever reads a field knows what it should be. `isPlain` is false for quoted ones.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In the order of the file; no key stands twice.
        case mapping([Entry])
    }

    public struct Entry: Sendable, Hashable {
        public let key: String
        public let place: Place
        public let value: YAMLNode
    }

    public let place: Place
    public let content: Content

    /// For messages: what kind of value it is.
    public var kind: String {
        switch content {
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// Why a text is not the YAML that is understood here.
public struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
    public let place: YAMLNode.Place
    public let problem: String

    public init(place: YAMLNode.Place, problem: String) {
        self.place = place
        self.problem = problem
    }

    public var description: String { "\(place.line):\(place.column): \(problem)" }
}
