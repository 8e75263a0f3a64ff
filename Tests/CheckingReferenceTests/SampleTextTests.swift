import ByteCoding
import Checking
import Digests
import SystemCalls
import TestSupport
import Testing

@Suite("A text that is made to measure with")
struct SampleTextTests {
    @Test(
        "has the bytes of generate-large-history.py",
        arguments: [
            (1, 1, "20ae6eec4e4e5d11b2f92c8edfc35dcfe625bb2f4f3aa94c8cd8eb7d98ea4b69"),
            (1000, 1, "ce16dd8745d1913fcbbc05abf389122bcffe61d8b5d3258944c41bf003463364"),
            (20_000, 2, "24ce9979e78422a10054d8d8d7d217808e2a1674416ba5bcd76a4b1176c1d50c"),
        ] as [(Int, UInt32, String)])
    func bytes(_ events: Int, _ seed: UInt32, _ digest: String) throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "history.txt")
            try SampleText(events: events, seed: seed).write(to: path)
            let bytes = try FileSystem.read(path, limit: 1 << 24)
            #expect(Hexadecimal.encode(try SHA256.digest(of: bytes)) == digest)
            #expect(try ReferenceAnalysis.report(onFile: path).isPassed)
        }
    }
}
