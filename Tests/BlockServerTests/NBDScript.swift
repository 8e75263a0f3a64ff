/// What clients send, written down by hand and a second time, so that mistakes can be made.
enum NBDScript {
    static func number(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    static func flags(_ flags: UInt32 = 3) -> [UInt8] { number(flags) }

    static func option(_ option: UInt32, _ data: [UInt8] = [], length: UInt32? = nil) -> [UInt8] {
        Array("IHAVEOPT".utf8) + number(option) + number(length ?? UInt32(data.count)) + data
    }

    /// The data of INFO (6) and GO (7).
    static func choice(_ name: String, asking information: [UInt16] = []) -> [UInt8] {
        number(UInt32(name.utf8.count)) + Array(name.utf8) + number(UInt16(information.count))
            + information.flatMap { number($0) }
    }

    static let go = option(7, choice(""))

    static func request(
        _ type: UInt16, cookie: UInt64 = 1, offset: UInt64 = 0, length: UInt32 = 0,
        flags: UInt16 = 0, _ bytes: [UInt8] = [], magic: UInt32 = 0x2560_9513
    ) -> [UInt8] {
        number(magic) + number(flags) + number(type) + number(cookie) + number(offset)
            + number(length) + bytes
    }

    static func read(_ range: Range<UInt64>, cookie: UInt64 = 1) -> [UInt8] {
        request(0, cookie: cookie, offset: range.lowerBound, length: UInt32(range.count))
    }

    static func write(
        _ bytes: [UInt8], at offset: UInt64, cookie: UInt64 = 1, isDurable: Bool = false
    ) -> [UInt8] {
        request(
            1, cookie: cookie, offset: offset, length: UInt32(bytes.count),
            flags: isDurable ? 1 : 0, bytes)
    }

    static func flush(cookie: UInt64 = 1) -> [UInt8] { request(3, cookie: cookie) }

    // MARK: - What servers send

    static let greeting = Array("NBDMAGICIHAVEOPT".utf8) + number(UInt16(3))

    static func optionReply(_ type: UInt32, to option: UInt32, _ data: [UInt8] = []) -> [UInt8] {
        number(UInt64(0x0003_e889_0455_65a9)) + number(option) + number(type)
            + number(UInt32(data.count)) + data
    }

    static func reply(
        to cookie: UInt64 = 1, error: UInt32 = 0, _ bytes: [UInt8] = []
    ) -> [UInt8] {
        number(UInt32(0x6744_6698)) + number(error) + number(cookie) + bytes
    }
}
