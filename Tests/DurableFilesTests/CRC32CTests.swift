import DurableFiles
import Testing

@Suite struct CRC32CTests {
    @Test(
        "published values",
        arguments: [
            ("", 0), ("a", 0xc1d0_4330), ("123456789", 0xe306_9283),
            (String(repeating: "\0", count: 32), 0x8a91_36aa),
        ] as [(String, UInt32)])
    func published(text: String, checksum: UInt32) {
        #expect(CRC32C.checksum(Array(text.utf8)) == checksum)
    }

    @Test("the instruction and the table agree for every length and every split")
    func agreement() {
        var generator = SystemRandomNumberGenerator()
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let whole = CRC32C.checksum(bytes)
            #expect(whole == CRC32C.portableChecksum(bytes), "length \(length)")
            let split = Int.random(in: 0...length, using: &generator)
            let front = CRC32C.checksum(bytes[..<split])
            #expect(CRC32C.extend(front, with: Array(bytes[split...])) == whole)
        }
    }
}
