import SystemCalls
import TestSupport

@testable import BlockServer

extension BlockDisk {
    /// A new disk in a folder of its own.
    static func with<Value>(
        size: Int = 64 << 10, _ body: (BlockDisk) throws -> Value
    ) throws -> Value {
        try withTemporaryFolder { folder in
            try body(BlockDisk(creating: Path.join(folder, "image"), size: size))
        }
    }

    /// The answer, or nil for one that has to wait.
    func ask(_ operation: BlockRequest.Operation) -> BlockReply? {
        switch carryOut(operation) {
        case .reply(let reply): reply
        case .hold, .lost: nil
        }
    }

    func write(_ bytes: [UInt8], at offset: Int, isDurable: Bool = false) -> BlockReply? {
        ask(.write(offset: offset, bytes, isDurable: isDurable))
    }

    func write(_ byte: UInt8, in range: Range<Int>, isDurable: Bool = false) -> BlockReply? {
        write(
            [UInt8](repeating: byte, count: range.count), at: range.lowerBound, isDurable: isDurable
        )
    }

    func read(_ range: Range<Int>) -> [UInt8]? {
        guard case .done(let bytes) = ask(.read(offset: range.lowerBound, count: range.count))
        else {
            return nil
        }
        return bytes
    }

    var content: [UInt8]? { read(0..<size) }
}

extension BlockReply {
    static let done = BlockReply.done([])
}
