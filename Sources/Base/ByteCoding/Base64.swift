/// Base 64 text of byte strings (RFC 4648, with padding), as keys and content policies carry it.
public enum Base64 {
    public static func encode(_ bytes: [UInt8]) -> String {
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value =
                group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(24 - 8 * group.count)
            for place in 0..<4 {
                // Six bits are below 64.
                let digit = Int(value >> UInt32(18 - 6 * place) & 63)
                text.append(place <= group.count ? Character(Unicode.Scalar(alphabet[digit])) : "=")
            }
        }
        return text
    }

    /// The bytes of `text`; nil unless it is whole groups of four with nothing between them.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 4) else { return nil }
        let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3)
        var value: UInt32 = 0
        for (index, character) in characters.dropLast(padding).enumerated() {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
            value = value << 6 | UInt32(digit)
            // Each digit after the first of a group completes a byte.
            guard index % 4 > 0 else { continue }
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(6 - 2 * (index % 4))))
        }
        // Digits say more bits than their bytes have: those must be zero.
        let spare: UInt32 = padding == 0 ? 0 : padding == 1 ? 3 : 15
        return value & spare == 0 ? bytes : nil
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
