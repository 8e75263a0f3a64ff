import ByteCoding
import Digests
import Testing

@Test(
    "the published digests come out, in one piece and in many",
    arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
func sha256(text: String, digest: String) throws {
    #expect(Hexadecimal.encode(try SHA256.digest(of: Array(text.utf8))) == digest)
    var pieces = try SHA256()
    for byte in text.utf8 { try pieces.update([byte]) }
    #expect(Hexadecimal.encode(try pieces.finish()) == digest)
}
