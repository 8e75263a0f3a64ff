import ByteCoding
import LeaseKernel

/// Reads the fields of requests and responses (wire-api.md 1).
struct ClientFieldReader {
    private var reader: ByteReader

    init(_ bytes: [UInt8]) {
        reader = ByteReader(bytes)
    }

    mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(ClientCodecError) -> Value {
        do { return try reader.readInteger() } catch { throw .bufferTooShort }
    }

    mutating func identifier<ID: Identifier>() throws(ClientCodecError) -> ID {
        ID(try integer(ID.RawValue.self))
    }

    mutating func optional<ID: Identifier>() throws(ClientCodecError) -> ID? {
        let kind: ClientCodecError.Kind =
            MemoryLayout<ID.RawValue>.size == 16 ? .optionalU128 : .optionalU64
        return try discriminant(kind) { $0 > 1 ? nil : $0 == 1 } ? try identifier() : nil
    }

    mutating func bool() throws(ClientCodecError) -> Bool {
        try discriminant(.bool) { $0 > 1 ? nil : $0 == 1 }
    }

    /// One byte through `parse`; nil from it is a bad value of that kind.
    mutating func discriminant<Value>(
        _ kind: ClientCodecError.Kind, _ parse: (UInt8) -> Value?
    ) throws(ClientCodecError) -> Value {
        let byte: UInt8 = try integer()
        guard let value = parse(byte) else { throw .invalidEnumValue(kind, byte) }
        return value
    }

    mutating func byteString() throws(ClientCodecError) -> [UInt8] {
        let count: UInt32 = try integer()
        do { return try reader.readBytes(Int(count)) } catch { throw .bufferTooShort }
    }

    /// The announced count is held against the bytes that are there before anything is reserved
    /// for it (wire-api.md 4.3).
    mutating func identifiers<ID: Identifier>() throws(ClientCodecError) -> [ID] {
        let count = Int(try integer(UInt32.self))
        guard count <= reader.remaining / MemoryLayout<ID.RawValue>.size else {
            throw .bufferTooShort
        }
        var identifiers: [ID] = []
        identifiers.reserveCapacity(count)
        for _ in 0..<count { identifiers.append(try identifier()) }
        return identifiers
    }

    func requireEnd() throws(ClientCodecError) {
        guard reader.isAtEnd else { throw .invalidLayout }
    }
}

/// Writes the fields of requests and responses.
struct ClientFieldWriter {
    private var writer: ByteWriter

    var bytes: [UInt8] { writer.bytes }

    init(tag: UInt8, reservingCapacity capacity: Int = 64) {
        writer = ByteWriter(reservingCapacity: capacity)
        writer.write(tag)
    }

    mutating func write(_ value: some FixedWidthInteger) {
        writer.write(value)
    }

    mutating func write(_ identifier: some Identifier) {
        writer.write(identifier.rawValue)
    }

    mutating func write(optional identifier: (some Identifier)?) {
        if let identifier {
            writer.write(UInt8(1))
            writer.write(identifier.rawValue)
        } else {
            writer.write(UInt8(0))
        }
    }

    mutating func write(_ flag: Bool) {
        writer.write(UInt8(flag ? 1 : 0))
    }

    mutating func write(count: Int) throws(ClientCodecError) {
        guard let count = UInt32(exactly: count) else { throw .lengthTooLarge }
        writer.write(count)
    }

    mutating func write(bytes: [UInt8]) {
        writer.write(bytes)
    }
}
