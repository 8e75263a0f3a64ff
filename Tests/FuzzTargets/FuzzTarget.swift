/// A decoder of bytes that come from outside, and what must hold of it for any bytes at all. It
/// never traps, and what it takes keeps a promise, mostly: written again it is the same.
public struct FuzzTarget: Sendable {
    public let name: String
    /// Longest input that a fuzzer tries, in bytes.
    public let maximumBytes: Int
    private let check: @Sendable ([UInt8]) throws -> Void

    public init(
        _ name: String, maximumBytes: Int = 4096,
        _ check: @escaping @Sendable ([UInt8]) throws -> Void
    ) {
        self.name = name
        self.maximumBytes = maximumBytes
        self.check = check
    }

    /// What is wrong with how the bytes were treated; nil when all is well.
    public func problem(with bytes: [UInt8]) -> String? {
        do {
            try check(bytes)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Every target, by name.
    public static let all: [FuzzTarget] =
        (historyTargets + documentTargets + wireTargets + replicaFileTargets + blockTargets)
        .sorted { $0.name < $1.name }

    public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// A promise that did not hold for an input.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String
}

func expect(_ holds: Bool, _ promise: @autoclosure () -> String) throws {
    guard holds else { throw BrokenPromise(description: promise()) }
}

func expectSame<Value: Equatable>(
    _ value: Value, _ other: Value, _ promise: @autoclosure () -> String
) throws {
    guard value == other else {
        throw BrokenPromise(description: "\(promise()):\n  \(value)\n  \(other)")
    }
}

/// An input whose first byte says which of several decoders it is for.
struct ChosenInput {
    let choice: Int
    let rest: [UInt8]

    /// Nil for no bytes at all.
    init?(_ bytes: [UInt8], of count: Int) {
        guard let first = bytes.first else { return nil }
        choice = Int(first) % count
        rest = Array(bytes.dropFirst())
    }

    var text: String { String(decoding: rest, as: UTF8.self) }
}
