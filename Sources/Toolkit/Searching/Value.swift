/// What is stored, compared and handed out: nothing, a number, or a text or list of a `ValueTable`.
public struct Value: Hashable, Sendable {
    public let rawValue: Int64

    public static let none = Value(rawValue: .min)

    /// Numbers outside of it are kept as texts.
    public static let numbers: ClosedRange<Int64> = -(1 << 62)...(1 << 62)

    init(rawValue: Int64) { self.rawValue = rawValue }

    /// Nil when the number is not among `numbers`.
    public init?(_ number: Int64) {
        guard Self.numbers.contains(number) else { return nil }
        rawValue = number
    }

    public var number: Int64? { Self.numbers.contains(rawValue) ? rawValue : nil }
}

extension Value: CustomStringConvertible {
    /// Texts and lists need their table to be written out.
    public var description: String {
        if self == .none { return "nil" }
        return number.map { "\($0)" } ?? "#\(rawValue &- Self.none.rawValue)"
    }
}

/// The texts and lists among the values of a history, each once.
public struct ValueTable: Sendable {
    private enum Entry: Hashable {
        case text(String)
        case list([Value])
    }

    private var entries: [Entry] = []
    private var numbers: [Entry: Int64] = [:]

    public init() {}

    public mutating func value(_ text: String) -> Value { value(.text(text)) }
    public mutating func value(_ list: [Value]) -> Value { value(.list(list)) }

    private mutating func value(_ entry: Entry) -> Value {
        if let known = numbers[entry] { return Value(rawValue: .min + known) }
        entries.append(entry)
        numbers[entry] = Int64(entries.count)
        return Value(rawValue: .min + Int64(entries.count))
    }

    /// The elements of a list; a single value is a list of itself, and nothing is an empty one.
    public func list(_ value: Value) -> [Value] {
        if value == .none { return [] }
        guard case .list(let elements) = entry(of: value) else { return [value] }
        return elements
    }

    public func describe(_ value: Value) -> String {
        switch entry(of: value) {
        case .text(let text): text
        case .list(let elements):
            "[" + elements.map { describe($0) }.joined(separator: " ") + "]"
        case nil: value.description
        }
    }

    private func entry(of value: Value) -> Entry? {
        let index = value.rawValue &- Value.none.rawValue &- 1
        return index >= 0 && index < entries.count ? entries[Int(index)] : nil
    }
}
