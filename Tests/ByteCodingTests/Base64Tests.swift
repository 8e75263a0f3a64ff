import ByteCoding
import Testing

@Suite("base 64")
struct Base64Tests {
    @Test(
        "it is that of RFC 4648",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func vectors(text: String, expected: String) {
        #expect(Base64.encode(Array(text.utf8)) == expected)
        #expect(Base64.decode(expected) == Array(text.utf8))
    }

    @Test(
        "what nobody would have written is refused",
        arguments: [
            "Zg", "Zg=", "Zg===", "Z===", "Zh==", "Zm9=", "Zm 9", "Zg==Zg==", "=Zg=", "Zm9\u{e4}",
        ])
    func refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("every byte survives")
    func allBytes() {
        let bytes = (0...255).map { UInt8($0) }
        for count in 0...256 {
            let part = Array(bytes.prefix(count))
            #expect(Base64.decode(Base64.encode(part)) == part)
        }
    }
}
