import Compression
import Testing

@Suite("Streams are compressed in pieces that can be read as they come")
struct ZstandardTests {
    private static func sample(_ count: Int, seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: ($0 / 7) &* seed &+ $0 % 13) }
    }

    @Test("every piece can be read with those before it", arguments: [0, 1, 100, 5000, 400_000])
    func pieces(_ size: Int) throws {
        var compressor = try ZstandardCompressor(level: 1)
        var decompressor = try ZstandardDecompressor()
        for stream in 1...3 {
            try decompressor.beginStream()
            var whole: [UInt8] = []
            var read: [UInt8] = []
            for number in 1...4 {
                let bytes = Self.sample(size * number, seed: stream)
                var piece: [UInt8] = [9]
                try compressor.append(bytes, ends: number == 4, to: &piece)
                whole += bytes
                try decompressor.append(piece.dropFirst(), holding: bytes.count, to: &read)
                #expect(read == whole)
            }
        }
    }

    @Test("later pieces profit from earlier ones")
    func shared() throws {
        let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31) }
        var compressor = try ZstandardCompressor(level: 1)
        var first: [UInt8] = []
        var second: [UInt8] = []
        try compressor.append(bytes, ends: false, to: &first)
        try compressor.append(bytes, ends: true, to: &second)
        #expect(second.count * 4 < first.count)
    }

    @Test("what is not of the promised length is refused")
    func lengths() throws {
        var compressor = try ZstandardCompressor(level: 1)
        var piece: [UInt8] = []
        try compressor.append(Self.sample(1000, seed: 3), ends: true, to: &piece)
        for count in [0, 1, 999, 1001, 5000] {
            var output: [UInt8] = []
            #expect(throws: Zstandard.Failure.self, "\(count)") {
                var decompressor = try ZstandardDecompressor()
                try decompressor.append(piece[...], holding: count, to: &output)
            }
        }
    }

    @Test("cut off or changed, a piece is refused or gives other bytes, and never traps")
    func damage() throws {
        let bytes = Self.sample(3000, seed: 5)
        var compressor = try ZstandardCompressor(level: 1)
        var piece: [UInt8] = []
        try compressor.append(bytes, ends: true, to: &piece)
        for count in piece.indices {
            var output: [UInt8] = []
            var decompressor = try ZstandardDecompressor()
            _ = try? decompressor.append(piece[..<count], holding: 3000, to: &output)
            #expect(output.count <= 3000)
            var changed = piece
            changed[count] ^= 0x41
            try decompressor.beginStream()
            var other: [UInt8] = []
            _ = try? decompressor.append(changed[...], holding: 3000, to: &other)
            #expect(other.count <= 3000)
        }
    }
}
