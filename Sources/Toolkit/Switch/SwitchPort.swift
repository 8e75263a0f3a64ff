public import SystemCalls

/// What a switch needs of one of its ports: frames in, frames out, never blocking.
public protocol SwitchPort: AnyObject, Sendable {
    /// Readable while frames wait; writable again after `send` found no room.
    var descriptor: FileDescriptor { get }
    /// The next frame into the front of `buffer`, which holds the longest frame there is: its
    /// length, or nil when none waits. An error means that the port is gone for good.
    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int?
    /// False when there is no room now.
    func send(_ frame: UnsafeRawBufferPointer) throws(SystemError) -> Bool
    /// Sends on what `send` took but could not let go of; false while something is left of it,
    /// and then the descriptor is waited for until it is writable.
    func finishSending() throws(SystemError) -> Bool
}

extension SwitchPort {
    public func finishSending() throws(SystemError) -> Bool { true }
}

/// A port whose descriptor keeps the borders between frames: a tap, or one end of a `PacketPair`
/// whose other end somebody in this process holds.
public final class PacketPort: SwitchPort {
    public let descriptor: FileDescriptor

    /// `descriptor` must be non-blocking.
    public init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    public func receive(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int? {
        do throws(SystemError) {
            let count = try descriptor.read(into: buffer)
            // No frame is empty: the other end of the pair is closed.
            if count == 0 { throw SystemError.portClosed(descriptor.subject) }
            return count
        } catch {
            if error.wouldBlock { return nil }
            throw error
        }
    }

    public func send(_ frame: UnsafeRawBufferPointer) throws(SystemError) -> Bool {
        do throws(SystemError) {
            _ = try descriptor.write(frame)
            return true
        } catch {
            if error.wouldBlock { return false }
            throw error
        }
    }
}

extension SystemError {
    static func portClosed(_ subject: String) -> SystemError {
        SystemError(call: "read", code: 0, subject: "\(subject), closed by its other end")
    }
}
