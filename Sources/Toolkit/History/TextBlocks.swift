import DurableFiles
import SystemCalls

/// Decodes a text of version 1 in blocks on several threads. A line belongs to the block in which
/// it begins; what is found is the same as by one reader from begin to end.
struct TextBlocks<Content: Sendable> {
    /// What one block holds, and what its reader found out about it.
    struct Block: Sendable {
        var content: Content
        var reader: TextHistoryReader.Findings
    }

    /// What decodes the blocks of one thread: given the number of one, and where it begins.
    typealias Decode = (_ file: FileDescriptor, _ number: Int) throws(SystemError) -> Block

    private let blocks: OrderedPrefetch<Result<Block, SystemError>>

    /// Nil for what is better read from begin to end: a short text, or one that cannot be read at
    /// any place. Each thread makes a decoder of its own.
    init?(
        _ file: FileDescriptor, jobs: Int, _ makeDecoder: @escaping @Sendable () -> Decode
    ) throws(SystemError) {
        let length = try file.size()
        // Where something else stands first, the version may follow in another block.
        let version = Array("version=".utf8)
        guard jobs > 1, length > 2 * TextBlock.byteCount,
            try file.read(at: 0, count: version.count) == version
        else { return nil }
        let count = (length + TextBlock.byteCount - 1) / TextBlock.byteCount
        blocks = try OrderedPrefetch(count, threads: jobs) { numbers, give in
            let decode = makeDecoder()
            for number in numbers {
                let block: Result<Block, SystemError>
                do throws(SystemError) { block = .success(try decode(file, number)) } catch {
                    block = .failure(error)
                }
                guard give(block) else { return }
            }
        }
    }

    /// Hands the content of every block to `body`. What was handed out before an error means
    /// nothing.
    func read(_ body: (borrowing Content) -> Void) throws(TextHistoryError) {
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
            body(block.content)
        }
        if let problem { throw problem }
    }
}

enum TextBlock {
    /// Bytes in a block.
    static let byteCount = 256 << 10

    /// Decodes blocks into events with all their words.
    static func decoder() -> TextBlocks<[TextEvent]>.Decode {
        var decoder = TextEventDecoder()
        return { file, number throws(SystemError) in
            let start = number * byteCount
            // The byte before tells whether a line begins with the block.
            let place = max(start - 1, 0)
            var bytes = try file.read(at: place, count: start + byteCount - place)
            var first = 0
            if number > 0 {
                guard let lineEnd = bytes.firstIndex(of: UInt8(ascii: "\n")),
                    lineEnd + 1 < bytes.count
                else { return TextBlocks.Block(content: [], reader: .none) }
                first = lineEnd + 1
            }
            try complete(&bytes, at: place, of: file)
            var events: [TextEvent] = []
            events.reserveCapacity(byteCount / 256)
            var reader = TextHistoryReader(decoder, isBegin: number == 0)
            reader.feed(bytes.span.extracting(first..<bytes.count)) { events.append(copy $0) }
            reader.endLine { events.append(copy $0) }
            decoder = reader.decoder
            return TextBlocks.Block(content: events, reader: reader.findings)
        }
    }

    /// Reads on to the end of the last line, as far as it reaches into the blocks behind.
    static func complete(
        _ bytes: inout [UInt8], at place: Int, of file: FileDescriptor
    ) throws(SystemError) {
        var isWhole = bytes.last == UInt8(ascii: "\n")
        while !isWhole, bytes.count <= TextHistoryReader.defaultLineLimit + 2 * byteCount {
            let more = try file.read(at: place + bytes.count, count: 4096)
            if more.isEmpty { break }
            let end = more.firstIndex(of: UInt8(ascii: "\n"))
            bytes += end.map { more[...$0] } ?? more[...]
            isWhole = end != nil
        }
    }
}
