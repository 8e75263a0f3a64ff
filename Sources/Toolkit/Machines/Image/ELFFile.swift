/// What is read of a program, library or kernel module (ELF, 64 bits, little-endian): which
/// libraries it needs, and what a module says about itself.
struct ELFFile {
    private struct Section {
        let name: Int
        let kind: UInt32
        let range: Range<Int>
        let link: Int
    }

    private let bytes: [UInt8]
    private let sections: [Section]
    private let names: Range<Int>

    private static let dynamicKind: UInt32 = 6
    private static let neededTag: UInt64 = 1

    /// Nil for what is no such file, or a damaged one.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard bytes.count >= 64, bytes[..<6].elementsEqual([0x7f, 0x45, 0x4c, 0x46, 2, 1]) else {
            return nil
        }
        let reader = LittleEndianReader(bytes: bytes)
        guard let table = reader.number(at: 40, bytes: 8),
            let size = reader.number(at: 58, bytes: 2),
            let count = reader.number(at: 60, bytes: 2),
            let namesAt = reader.number(at: 62, bytes: 2),
            size >= 64
        else { return nil }
        var sections: [Section] = []
        for index in 0..<Int(count) {
            let (start, overflows) = Int(clamping: table).addingReportingOverflow(
                index * Int(size))
            guard !overflows, let section = Self.section(at: start, reader) else { return nil }
            sections.append(section)
        }
        guard sections.indices.contains(Int(namesAt)) else { return nil }
        self.sections = sections
        names = sections[Int(namesAt)].range
    }

    private static func section(at start: Int, _ reader: LittleEndianReader) -> Section? {
        guard let name = reader.number(at: start, bytes: 4),
            let kind = reader.number(at: start + 4, bytes: 4),
            let offset = reader.number(at: start + 24, bytes: 8),
            let size = reader.number(at: start + 32, bytes: 8),
            let link = reader.number(at: start + 40, bytes: 4)
        else { return nil }
        let first = Int(clamping: offset)
        // A section without bytes in the file (kind 8) has none that could be read.
        let count = kind == 8 ? 0 : Int(clamping: size)
        guard first <= reader.bytes.count, count <= reader.bytes.count - first else {
            return kind == 8
                ? Section(name: Int(name), kind: UInt32(kind), range: 0..<0, link: Int(link)) : nil
        }
        return Section(
            name: Int(name), kind: UInt32(kind), range: first..<first + count, link: Int(link))
    }

    /// Names of the libraries that must be there when it starts.
    var neededLibraries: [String] {
        var needed: [String] = []
        let reader = LittleEndianReader(bytes: bytes)
        for section in sections where section.kind == Self.dynamicKind {
            guard sections.indices.contains(section.link) else { continue }
            let texts = sections[section.link].range
            for entry in stride(
                from: section.range.lowerBound, to: section.range.upperBound, by: 16)
            {
                guard reader.number(at: entry, bytes: 8) == Self.neededTag,
                    let offset = reader.number(at: entry + 8, bytes: 8)
                else { continue }
                if let name = text(at: Int(clamping: offset), in: texts) { needed.append(name) }
            }
        }
        return needed
    }

    /// The modules that must be loaded before this one.
    var neededModules: [String] {
        guard let info = sections.first(where: { text(at: $0.name, in: names) == ".modinfo" })
        else { return [] }
        let entries = bytes[info.range].split(separator: 0).map {
            String(decoding: $0, as: UTF8.self)
        }
        let depends = entries.first { $0.hasPrefix("depends=") }?.dropFirst("depends=".count) ?? ""
        return depends.split(separator: ",").map(String.init)
    }

    private func text(at offset: Int, in range: Range<Int>) -> String? {
        guard offset < range.count else { return nil }
        let start = range.lowerBound + offset
        return String(decoding: bytes[start..<range.upperBound].prefix { $0 != 0 }, as: UTF8.self)
    }
}

private struct LittleEndianReader {
    let bytes: [UInt8]

    func number(at offset: Int, bytes count: Int) -> UInt64? {
        guard offset >= 0, offset <= bytes.count - count else { return nil }
        return (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
    }
}
