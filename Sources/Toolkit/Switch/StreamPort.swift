import Synchronization
public import SystemCalls

/// A port whose frames travel in a stream, each behind its length in four bytes, the highest
/// first: what QEMU speaks on `-netdev stream`.
public final class StreamPort: SwitchPort {
    public let descriptor: FileDescriptor
    private let state: Mutex<State>

    private static let lengthBytes = 4

    private struct State: Sendable {
        /// Of the frame that is being read: its length, then itself, then the length of the next.
        var arrived: [UInt8] = []
        /// The end of a frame that the stream had no room for.
        var unsent: [UInt8] = []
    }

    /// `descriptor` is a connected, non-blocking stream socket.
    public init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
        state = Mutex(State())
    }

    /// Connects to a guest's network socket, waiting for it until the deadline.
    public convenience init(
        connectingTo path: String, until deadline: Deadline
    ) throws(SystemError) {
        self.init(try UnixSocket.connect(to: path, until: deadline))
    }

    // MARK: - Frames in

    public func receive(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int? {
        try state.withLock { state throws(SystemError) in
            while true {
                let wanted = try Self.wantedBytes(state.arrived, descriptor.subject)
                if let frame = Self.takeFrame(&state.arrived, into: buffer) { return frame }
                do throws(SystemError) {
                    // Never past the length of the next frame: a whole frame that waited here
                    // would not make the descriptor readable.
                    let bytes = try descriptor.read(atMost: wanted - state.arrived.count)
                    if bytes.isEmpty { throw SystemError.portClosed(descriptor.subject) }
                    state.arrived += bytes
                } catch {
                    if error.wouldBlock { return nil }
                    throw error
                }
            }
        }
    }

    /// How many bytes may be here at most before something is done with them.
    private static func wantedBytes(
        _ arrived: [UInt8], _ subject: String
    ) throws(SystemError) -> Int {
        guard let length = frameLength(arrived) else { return lengthBytes }
        guard length <= FrameHeader.frameLimit else {
            throw SystemError(
                call: "read", code: 0, subject: "\(subject): a frame of \(length) bytes")
        }
        return lengthBytes + length + lengthBytes
    }

    private static func frameLength(_ arrived: [UInt8]) -> Int? {
        guard arrived.count >= lengthBytes else { return nil }
        return arrived[..<lengthBytes].reduce(0) { $0 << 8 | Int($1) }
    }

    /// Moves the frame to `buffer` when all of it is here.
    private static func takeFrame(
        _ arrived: inout [UInt8], into buffer: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard let length = frameLength(arrived), arrived.count >= lengthBytes + length else {
            return nil
        }
        buffer.copyBytes(from: arrived[lengthBytes..<lengthBytes + length])
        arrived.removeFirst(lengthBytes + length)
        return length
    }

    // MARK: - Frames out

    public func send(_ frame: UnsafeRawBufferPointer) throws(SystemError) -> Bool {
        try state.withLock { state throws(SystemError) in
            guard try Self.flush(&state.unsent, descriptor) else { return false }
            let length = (0..<Self.lengthBytes).map { byte in
                UInt8(truncatingIfNeeded: frame.count >> (8 * (Self.lengthBytes - 1 - byte)))
            }
            // What the stream does not take now is ours: half a frame would garble all others.
            state.unsent = length + frame
            _ = try Self.flush(&state.unsent, descriptor)
            return true
        }
    }

    public func finishSending() throws(SystemError) -> Bool {
        try state.withLock { state throws(SystemError) in
            try Self.flush(&state.unsent, descriptor)
        }
    }

    private static func flush(
        _ unsent: inout [UInt8], _ descriptor: FileDescriptor
    ) throws(SystemError) -> Bool {
        if unsent.isEmpty { return true }
        var failure: SystemError?
        let sent = unsent.withUnsafeBytes { bytes -> Int in
            do throws(SystemError) {
                return try descriptor.send(bytes)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        unsent.removeFirst(sent)
        return unsent.isEmpty
    }
}
