import LeaseKernel
import Replication
import TestSupport
import Testing

@Suite("Prepared log, version 2")
struct PreparedLogFormatTests {
    @Test("every image of the reference decodes to its entries and encodes to its bytes")
    func images() throws {
        let vectors = try Vectors.json("prepare-log.json")
        let limits = PreparedLogFormatV2.Limits(maximumEntries: 64, maximumPayloadBytes: 512)
        let cases = vectors["valid"].array
        for image in cases {
            let bytes = try #require(image["hex"].hex)
            let entries = try image["entries"].entries()
            #expect(try PreparedLogFormatV2.decode(bytes, limits: limits) == entries)
            #expect(PreparedLogFormatV2.encode(entries) == bytes, "\(image["name"])")
        }
        print("prepare-log valid: \(cases.count) cases")
        #expect(cases.count == 9)
    }

    @Test("no prefix and no flipped byte of an image traps the decoder")
    func robustness() throws {
        let vectors = try Vectors.json("prepare-log.json")
        let limits = PreparedLogFormatV2.Limits(maximumEntries: 64, maximumPayloadBytes: 512)
        for image in vectors["valid"].array {
            let bytes = try #require(image["hex"].hex)
            for length in bytes.indices {
                #expect(throws: PreparedLogDecodeError.bufferTooShort) {
                    try PreparedLogFormatV2.decode(Array(bytes[..<length]), limits: limits)
                }
            }
            for index in bytes.indices {
                var damaged = bytes
                damaged[index] ^= 0xFF
                _ = try? PreparedLogFormatV2.decode(damaged, limits: limits)
            }
        }
    }

    @Test("a bound on the file that does not fit 64 bits bounds nothing")
    func hugeLimits() {
        let limits = PreparedLogFormatV2.Limits(maximumEntries: .max, maximumPayloadBytes: .max)
        #expect(limits.maximumFileBytes == .max)
        let ordinary = PreparedLogFormatV2.Limits(maximumEntries: 4, maximumPayloadBytes: 512)
        #expect(ordinary.maximumFileBytes == 2193)
    }
}

@Suite("Prepared entries")
struct PreparedEntriesTests {
    @Test("entries stay in order and are found by position, whatever was added and removed")
    func againstDictionary() {
        var entries = PreparedEntries()
        var model: [UInt64: PreparedEntry] = [:]
        var state: UInt64 = 42
        func draw(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        for step in 0..<5000 {
            let lsn = draw(64)
            switch draw(8) {
            case 0:
                entries.removeThrough(LSN(lsn / 2))
                model = model.filter { $0.key > lsn / 2 }
            case 1:
                entries.removeFrom(LSN(lsn + 16))
                model = model.filter { $0.key < lsn + 16 }
            default:
                let entry = PreparedEntry(
                    kind: .client, view: View(1), lsn: LSN(lsn), requestSlot: Slot(UInt64(step)),
                    payload: [])
                entries.insert(entry)
                model[lsn] = entry
            }
            let probe = draw(64)
            #expect(entries[LSN(probe)] == model[probe])
            #expect(Array(entries.all) == model.values.sorted { $0.lsn < $1.lsn })
        }
    }
}
