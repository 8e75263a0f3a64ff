import DurableFiles
import SystemCalls
import TestSupport
import Testing

@Suite struct FrameLogTests {
    let payloads: [[UInt8]] = [[1], Array("second record".utf8), [UInt8](repeating: 7, count: 300)]
    var image: [UInt8] { payloads.flatMap(FrameLog.frame) }

    @Test("whatever a crash leaves of an append, the records before it are read")
    func everyPrefix() {
        let image = image
        var boundaries = [0]
        for payload in payloads { boundaries.append(boundaries.last! + 8 + payload.count) }
        for length in 0...image.count {
            let scan = FrameLog.scan(Array(image[..<length]), payloadLimit: 1000)
            let complete = boundaries.count { $0 <= length } - 1
            #expect(scan.payloads == Array(payloads.prefix(complete)))
            #expect(scan.validBytes == boundaries[complete])
            #expect(
                scan.end
                    == (boundaries.contains(length)
                        ? .clean : .tornTail(offset: boundaries[complete])))
        }
    }

    @Test("every flipped bit is noticed, and no record before it is lost")
    func everyFlip() {
        let image = image
        for index in image.indices {
            for bit in 0..<8 {
                var damaged = image
                damaged[index] ^= 1 << bit
                let scan = FrameLog.scan(damaged, payloadLimit: 1000)
                #expect(scan.end != .clean)
                #expect(scan.payloads == Array(payloads.prefix(scan.payloads.count)))
                #expect(scan.payloads.count < payloads.count)
            }
        }
    }

    @Test("a damaged payload in front of an intact record is damage, not a torn tail")
    func damageInside() {
        var image = image
        image[8 + 1 + 8] ^= 1
        #expect(FrameLog.scan(image, payloadLimit: 1000).end == .damaged(offset: 9))
    }

    @Test("zeros after the last record are a torn tail")
    func zeroTail() {
        let scan = FrameLog.scan(image + [UInt8](repeating: 0, count: 4096), payloadLimit: 1000)
        #expect(scan.payloads == payloads)
        #expect(scan.end == .tornTail(offset: image.count))
    }

    @Test("a length above the limit is not believed")
    func limit() {
        #expect(FrameLog.scan(image, payloadLimit: 20).payloads.count == 2)
    }

    @Test("a log cut by a crash goes on where it was intact")
    func reopen() throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "log")
            var log = try FrameLogFile(opening: path, payloadLimit: 1000, byteLimit: 1 << 20)
            #expect(log.recovered.payloads.isEmpty)
            try log.append(Array(payloads.prefix(2)))
            try log.sync()
            try FileSystem.open(path, .append).writeAll([9, 9, 9])
            var again = try FrameLogFile(opening: path, payloadLimit: 1000, byteLimit: 1 << 20)
            #expect(again.recovered.payloads == Array(payloads.prefix(2)))
            try again.append([payloads[2]])
            #expect(try FileSystem.read(path, limit: 1 << 20) == image)
        }
    }

    @Test("opening refuses a log with damage inside and leaves it as it is")
    func refusal() throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "log")
            var damaged = image
            damaged[17] ^= 1
            try FileSystem.write(damaged, to: path)
            #expect(throws: FrameLogFile.OpenError.self) {
                try FrameLogFile(opening: path, payloadLimit: 1000, byteLimit: 1 << 20)
            }
            #expect(try FileSystem.read(path, limit: 1 << 20) == damaged)
        }
    }
}
