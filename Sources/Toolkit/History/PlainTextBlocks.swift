import DurableFiles
import Glibc
import SystemCalls

/// Decodes blocks of text version 1 into events of a fixed size: line by line by the fast decoder,
/// and whatever that does not take by the one that has words for everything.
struct PlainTextBlockDecoder: ~Copyable {
    /// Read behind each block, for the end of its last line.
    private static let tail = 4096

    private let memory: UnsafeMutableRawPointer
    private var fast = PlainTextDecoder()
    private var decoder = TextEventDecoder()

    init() {
        memory = .allocate(
            byteCount: 1 + TextBlock.byteCount + Self.tail + PlainTextDecoder.padding, alignment: 16
        )
    }

    deinit { memory.deallocate() }

    mutating func decode(
        _ file: FileDescriptor, _ number: Int
    ) throws(SystemError) -> TextBlocks<PlainTextChunk>.Block {
        let start = number * TextBlock.byteCount
        // The byte before tells whether a line begins with the block.
        let place = max(start - 1, 0)
        let wanted = start + TextBlock.byteCount - place
        let count = try file.read(
            at: place,
            into: UnsafeMutableRawBufferPointer(start: memory, count: wanted + Self.tail))
        let bytes = UnsafeRawPointer(memory)
        memset(memory + count, 0, PlainTextDecoder.padding)
        var first = 0
        if number > 0 {
            guard let end = Self.lineEnd(bytes, 0, count), end + 1 < min(wanted, count) else {
                return TextBlocks.Block(content: PlainTextChunk(), reader: .none)
            }
            first = end + 1
        }
        var chunk = PlainTextChunk()
        chunk.events.reserveCapacity(TextBlock.byteCount / 256)
        var reader = TextHistoryReader(decoder, isBegin: number == 0)
        var next = first
        while next < min(wanted, count) {
            if reader.isInOrder, let end = fast.decode(bytes, from: next, into: &chunk) {
                reader.passLine()
                next = end
            } else if let end = Self.lineEnd(bytes, next, count) {
                let line = UnsafeRawBufferPointer(start: bytes + next, count: end + 1 - next)
                reader.feed(line.bindMemory(to: UInt8.self).span) { chunk.append($0) }
                next = end + 1
            } else {
                try last(file, from: place + next, &reader, &chunk)
                break
            }
        }
        decoder = reader.decoder
        return TextBlocks.Block(content: chunk, reader: reader.findings)
    }

    /// Takes the last line of a block, which goes on behind what was read.
    private func last(
        _ file: FileDescriptor, from place: Int, _ reader: inout TextHistoryReader,
        _ chunk: inout PlainTextChunk
    ) throws(SystemError) {
        var line = try file.read(at: place, count: Self.tail)
        if let end = line.firstIndex(of: UInt8(ascii: "\n")) {
            line.removeSubrange((end + 1)...)
        } else {
            try TextBlock.complete(&line, at: place, of: file)
        }
        reader.feed(line.span) { chunk.append($0) }
        reader.endLine { chunk.append($0) }
    }

    private static func lineEnd(_ bytes: UnsafeRawPointer, _ start: Int, _ end: Int) -> Int? {
        memchr(bytes + start, 0x0a, end - start).map { UnsafeRawPointer($0) - bytes }
    }
}
