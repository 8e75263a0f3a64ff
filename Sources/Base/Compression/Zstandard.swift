import CZstd

/// Zstandard streams (RFC 8878) by libzstd, written and read in pieces. A target of its own, so
/// that only programs that need compression link the library.
public enum Zstandard {
    /// What libzstd said, in its own words, and the call that it said it to.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        public let call: String
        public let reason: String

        public var description: String { "\(call): \(reason)" }
    }

    /// The result of a call, or what it complains of.
    static func check(_ call: String, _ result: Int) throws(Failure) -> Int {
        guard ZSTD_isError(result) == 0 else {
            throw Failure(call: call, reason: String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }
}

/// Compresses one stream after the other. Each piece can be read as soon as it is there, with
/// the pieces of its stream before it; later pieces profit from what the earlier ones held.
public struct ZstandardCompressor: ~Copyable {
    private let context: OpaquePointer

    /// `level` is 1 (fast) to 19 (small).
    public init(level: Int32) throws(Zstandard.Failure) {
        guard let context = ZSTD_createCCtx() else {
            throw Zstandard.Failure(call: "ZSTD_createCCtx", reason: "out of memory")
        }
        do throws(Zstandard.Failure) {
            _ = try Zstandard.check(
                "ZSTD_CCtx_setParameter",
                ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level))
        } catch {
            ZSTD_freeCCtx(context)
            throw error
        }
        self.context = context
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// Appends the compressed form of `bytes` to `output`. With `ends` the stream is complete,
    /// and the next piece begins a new one that depends on nothing before it.
    public mutating func append(
        _ bytes: [UInt8], ends: Bool, to output: inout [UInt8]
    ) throws(Zstandard.Failure) {
        let start = output.count
        // What libzstd promises to suffice for one piece; more is asked for below if it does not.
        let room = ZSTD_compressBound(bytes.count) + 64
        output.append(contentsOf: repeatElement(0, count: room))
        var taken = 0
        var given = 0
        while true {
            if given == output.count - start {
                output.append(contentsOf: repeatElement(0, count: room))
            }
            let left = try step(bytes, ends: ends, &taken, &output, from: start, &given)
            if left == 0 { break }
        }
        output.removeLast(output.count - start - given)
    }

    /// One call of the library; returns how much it holds back.
    private func step(
        _ bytes: [UInt8], ends: Bool, _ taken: inout Int, _ output: inout [UInt8],
        from start: Int, _ given: inout Int
    ) throws(Zstandard.Failure) -> Int {
        let result = bytes.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: taken)
                var room = ZSTD_outBuffer(
                    dst: target.baseAddress, size: target.count, pos: start + given)
                let result = ZSTD_compressStream2(
                    context, &room, &input, ends ? ZSTD_e_end : ZSTD_e_flush)
                taken = input.pos
                given = room.pos - start
                return result
            }
        }
        return try Zstandard.check("ZSTD_compressStream2", result)
    }
}

/// Reads what `ZstandardCompressor` wrote, piece by piece.
public struct ZstandardDecompressor: ~Copyable {
    private let context: OpaquePointer

    public init() throws(Zstandard.Failure) {
        guard let context = ZSTD_createDCtx() else {
            throw Zstandard.Failure(call: "ZSTD_createDCtx", reason: "out of memory")
        }
        do throws(Zstandard.Failure) {
            // Streams of ours need far less; a hostile one gets no more than 8 MiB of window.
            _ = try Zstandard.check(
                "ZSTD_DCtx_setParameter",
                ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23))
        } catch {
            ZSTD_freeDCtx(context)
            throw error
        }
        self.context = context
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Forgets the stream that was being read: the next piece begins another one.
    public mutating func beginStream() throws(Zstandard.Failure) {
        _ = try Zstandard.check(
            "ZSTD_DCtx_reset", ZSTD_DCtx_reset(context, ZSTD_reset_session_only))
    }

    /// Appends what the piece holds to `output`. A piece that holds anything but exactly `count`
    /// bytes is an error.
    public mutating func append(
        _ piece: ArraySlice<UInt8>, holding count: Int, to output: inout [UInt8]
    ) throws(Zstandard.Failure) {
        let start = output.count
        // One byte more than promised, so that a piece that holds more is noticed.
        output.append(contentsOf: repeatElement(0, count: count + 1))
        var given = 0
        var isStuck = false
        let result: Result<Void, Zstandard.Failure> = piece.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
                var room = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: start)
                while input.pos < input.size, !isStuck {
                    let before = (input.pos, room.pos)
                    let result = ZSTD_decompressStream(context, &room, &input)
                    do throws(Zstandard.Failure) {
                        _ = try Zstandard.check("ZSTD_decompressStream", result)
                    } catch {
                        return .failure(error)
                    }
                    isStuck = before == (input.pos, room.pos) || room.pos == room.size
                }
                given = room.pos - start
                return .success(())
            }
        }
        output.removeLast(output.count - start - min(given, count))
        try result.get()
        guard given == count, !isStuck else {
            throw Zstandard.Failure(
                call: "ZSTD_decompressStream",
                reason: "a piece holds \(given == count + 1 ? "more" : "\(given)") bytes where "
                    + "\(count) were promised")
        }
    }
}
