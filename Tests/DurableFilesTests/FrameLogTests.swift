import DurableFiles
import Testing

@Suite struct FrameLogTests {
    @Test("a record is its length, the checksum of length and payload, and the payload")
    func layout() {
        let payload = Array("second record".utf8)
        let length: [UInt8] = [13, 0, 0, 0]
        let checksum = CRC32C.checksum(length + payload)
        let stored = (0..<4).map { UInt8(truncatingIfNeeded: checksum >> ($0 * 8)) }
        #expect(FrameLog.frame(payload) == length + stored + payload)
        #expect(FrameLog.checksum(of: payload[...]) == checksum)
    }
}
