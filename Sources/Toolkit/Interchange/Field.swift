/// What JSON and EDN have in common, and all that a history needs of them.
indirect enum Field: Hashable, Sendable {
    case nothing
    case truth(Bool)
    case whole(UInt128)
    /// An identifier of up to 128 bits: a string in JSON, whose readers know no such numbers.
    case identifier(UInt128)
    /// What somebody wrote.
    case text(String)
    /// One of a fixed set of names: a keyword in EDN.
    case word(String)
    case list([Field])
    case map([Member])

    struct Member: Hashable, Sendable {
        let name: String
        let value: Field

        init(_ name: String, _ value: Field) {
            self.name = name
            self.value = value
        }
    }

    static func object(_ members: KeyValuePairs<String, Field>) -> Field {
        .map(members.map { Member($0.key, $0.value) })
    }

    static func number(_ value: some FixedWidthInteger & UnsignedInteger) -> Field {
        .whole(UInt128(value))
    }

    subscript(name: String) -> Field? {
        guard case .map(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The number, however it was written down.
    var number: UInt128? {
        switch self {
        case .whole(let value), .identifier(let value): value
        case .text(let digits): digits.utf8.first == UInt8(ascii: "+") ? nil : UInt128(digits)
        case .nothing, .truth, .word, .list, .map: nil
        }
    }

    /// A text or a name. Names of EDN are spelled with hyphens, those of JSON with underscores.
    var string: String? {
        switch self {
        case .text(let text), .word(let text): text
        case .nothing, .truth, .whole, .identifier, .list, .map: nil
        }
    }
}

/// The two notations of a history for other tools.
public enum Notation: Sendable {
    /// JSON, one object per line.
    case json
    /// EDN as Jepsen writes it, one map per line.
    case edn
}
