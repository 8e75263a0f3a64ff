/// Everything readable at the front of a log, and why reading stopped (durability.md 3). Neither
/// the order of LSNs and slots nor the payloads are looked at.
public struct WALScan: Hashable, Sendable {
    public enum Stop: Hashable, Sendable {
        /// The input ends between two frames.
        case cleanEnd
        /// The last frame, beginning at `offset`, is not wholly there.
        case tornTail(offset: Int)
        /// What stands at `offset` is no frame.
        case corruption(offset: Int, FrameError)
    }

    public let frames: [WALFrame]
    /// Length of the accepted prefix in bytes.
    public let validUpTo: Int
    public let stop: Stop

    public init(_ bytes: [UInt8]) {
        var frames: [WALFrame] = []
        var offset = 0
        var stop = Stop.cleanEnd
        reading: while offset < bytes.count {
            do throws(FrameError) {
                let length = try WALFrame.encodedLength(of: bytes, at: offset)
                guard length <= bytes.count - offset else {
                    stop = .tornTail(offset: offset)
                    break reading
                }
                frames.append(try WALFrame.decode(bytes, at: offset))
                offset += length
            } catch {
                stop =
                    error == .bufferTooShort
                    ? .tornTail(offset: offset) : .corruption(offset: offset, error)
                break reading
            }
        }
        self.frames = frames
        self.validUpTo = offset
        self.stop = stop
    }
}
