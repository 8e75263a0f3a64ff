import ByteCoding
import Foundation

/// A value of a golden file, with the accessors tests need: members by name, numbers whether
/// they stand as digits or as text, and hexadecimal byte strings.
public indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Int64)
    case fraction(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    /// The value of a JSON text.
    public init(text: String) throws {
        let object = try JSONSerialization.jsonObject(
            with: Data(text.utf8), options: [.fragmentsAllowed])
        try self.init(object)
    }

    init(_ object: Any) throws {
        switch object {
        case is NSNull: self = .null
        case let text as String: self = .string(text)
        case let number as NSNumber:
            // corelibs Foundation marks a JSON true or false by this type code alone.
            if String(cString: number.objCType) == "c" {
                self = .bool(number.boolValue)
            } else if let whole = Int64(exactly: number.doubleValue),
                Double(whole) == number.doubleValue
            {
                self = .number(number.int64Value)
            } else {
                self = .fraction(number.doubleValue)
            }
        case let array as [Any]: self = .array(try array.map(JSONValue.init))
        case let members as [String: Any]: self = .object(try members.mapValues(JSONValue.init))
        default: throw Unexpected(description: "not a JSON value: \(type(of: object))")
        }
    }

    /// The member of that name; absent members and members of other values read as null.
    public subscript(name: String) -> JSONValue {
        if case .object(let members) = self { members[name] ?? .null } else { .null }
    }

    public subscript(index: Int) -> JSONValue {
        if case .array(let values) = self, values.indices.contains(index) {
            values[index]
        } else {
            .null
        }
    }

    public var isNull: Bool { self == .null }
    public var array: [JSONValue] { if case .array(let values) = self { values } else { [] } }
    public var object: [String: JSONValue] {
        if case .object(let members) = self { members } else { [:] }
    }
    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// A whole number, written as digits or as a decimal string.
    public func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value? {
        switch self {
        case .number(let value): Value(exactly: value)
        case .string(let text): Value(text)
        case .null, .bool, .fraction, .array, .object: nil
        }
    }

    /// The bytes of a hexadecimal string.
    public var hex: [UInt8]? { string.flatMap(Hexadecimal.decode) }
}
