import DurableFiles
import SystemCalls

/// Decodes a text of version 1 in blocks on several threads. A line belongs to the block in which
/// it begins; what is found is the same as by one reader from begin to end.
struct TextBlocks {
    /// Bytes in a block.
    static let blockBytes = 256 << 10

    private struct Block: Sendable {
        var events: [TextEvent] = []
        var reader: TextHistoryReader.Findings
    }

    private let blocks: OrderedPrefetch<Result<Block, SystemError>>
    private let count: Int

    /// Nil for what is better read from begin to end: a short text, or one that cannot be read at
    /// any place.
    init?(_ file: FileDescriptor, jobs: Int) throws(SystemError) {
        let length = try file.size()
        // Where something else stands first, the version may follow in another block.
        let version = Array("version=".utf8)
        guard jobs > 1, length > 2 * Self.blockBytes,
            try file.read(at: 0, count: version.count) == version
        else { return nil }
        let count = (length + Self.blockBytes - 1) / Self.blockBytes
        self.count = count
        blocks = try OrderedPrefetch(count, threads: jobs) { numbers, give in
            var decoder = TextEventDecoder()
            for number in numbers {
                let block: Result<Block, SystemError>
                do throws(SystemError) {
                    block = .success(try Self.decode(number, of: file, &decoder))
                } catch {
                    block = .failure(error)
                }
                guard give(block) else { return }
            }
        }
    }

    private static func decode(
        _ number: Int, of file: FileDescriptor, _ decoder: inout TextEventDecoder
    ) throws(SystemError) -> Block {
        let start = number * blockBytes
        // The byte before tells whether a line begins with the block.
        let place = max(start - 1, 0)
        var bytes = try file.read(at: place, count: start + blockBytes - place)
        var first = 0
        if number > 0 {
            guard let lineEnd = bytes.firstIndex(of: UInt8(ascii: "\n")),
                lineEnd + 1 < bytes.count
            else { return Block(reader: .none) }
            first = lineEnd + 1
        }
        // The last line, as far as it reaches into the blocks behind.
        var isWhole = bytes.last == UInt8(ascii: "\n")
        while !isWhole, bytes.count <= TextHistoryReader.defaultLineLimit + 2 * blockBytes {
            let more = try file.read(at: place + bytes.count, count: 4096)
            if more.isEmpty { break }
            let end = more.firstIndex(of: UInt8(ascii: "\n"))
            bytes += end.map { more[...$0] } ?? more[...]
            isWhole = end != nil
        }
        var block = Block(reader: .none)
        block.events.reserveCapacity(blockBytes / 256)
        var reader = TextHistoryReader(decoder, isBegin: number == 0)
        reader.feed(bytes.span.extracting(first..<bytes.count)) { block.events.append(copy $0) }
        reader.endLine { block.events.append(copy $0) }
        block.reader = reader.findings
        decoder = reader.decoder
        return block
    }

    /// Hands every event to `body`. Events handed out before an error mean nothing.
    func read(
        _ body: (borrowing TextEvent) -> Void
    ) throws(TextHistoryError) {
        var lines = 0
        var problem: TextHistoryError?
        while let result = blocks.next() {
            let block: Block
            do throws(SystemError) { block = try result.get() } catch {
                throw TextHistoryError(
                    .unreadable("\(error.text) (os error \(error.code))"), line: nil)
            }
            if block.reader.notText { throw TextHistoryReader.notTextError }
            if let found = block.reader.problem, problem == nil {
                problem = TextHistoryError(found.problem, line: found.line.map { $0 + lines })
            }
            if block.reader.hasGivenUp { break }
            lines += block.reader.lineCount
            guard problem == nil else { continue }
            for index in block.events.indices { body(block.events[index]) }
        }
        if let problem { throw problem }
    }
}
