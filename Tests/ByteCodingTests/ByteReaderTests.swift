import ByteCoding
import Testing

@Suite("Bytes are read and written little-endian, and never beyond their end")
struct ByteReaderTests {
    @Test("what is written is read back")
    func roundTrip() throws {
        var writer = ByteWriter()
        writer.write(UInt8(7))
        writer.write(UInt16(0x0102))
        writer.write(UInt32.max)
        writer.write(UInt64(1) << 40)
        writer.write(UInt128.max - 1)
        writer.write([1, 2, 3])
        #expect(writer.bytes.prefix(3) == [7, 2, 1])

        var reader = ByteReader(writer.bytes)
        #expect(try reader.readUInt8() == 7)
        #expect(try reader.readUInt16() == 0x0102)
        #expect(try reader.readUInt32() == .max)
        #expect(try reader.readUInt64() == 1 << 40)
        #expect(try reader.readUInt128() == .max - 1)
        #expect(try reader.readBytes(3) == [1, 2, 3])
        #expect(reader.isAtEnd)
    }

    @Test("a field that is not wholly there is an error and moves nothing")
    func endOfInput() throws {
        var reader = ByteReader([1, 2, 3])
        #expect(throws: ByteReader.EndOfInput()) { try reader.readUInt32() }
        #expect(throws: ByteReader.EndOfInput()) { try reader.readBytes(4) }
        #expect(throws: ByteReader.EndOfInput()) { try reader.readBytes(-1) }
        #expect(reader.remaining == 3)
        #expect(reader.readRest() == [1, 2, 3])
        #expect(throws: ByteReader.EndOfInput()) { try reader.readUInt8() }
    }

    @Test("hexadecimal text is lower case, and refuses what is none")
    func hexadecimal() {
        #expect(Hexadecimal.encode([0, 255, 16]) == "00ff10")
        #expect(Hexadecimal.decode("00fF10") == [0, 255, 16])
        #expect(Hexadecimal.decode("0") == nil)
        #expect(Hexadecimal.decode("0g") == nil)
    }
}
