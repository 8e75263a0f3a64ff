/// A list in memory of its own, which nobody else can hold: an access is one comparison and an
/// address. An `Array` asks before every change whether it is shared, which in a loop over
/// millions of events costs more than the change.
struct FlatArray<Element>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var capacity: Int
    private(set) var count: Int

    init() { self.init(reservingCapacity: 16) }

    init(repeating element: Element, count: Int) {
        self.init(reservingCapacity: max(count, 1))
        base.initialize(repeating: element, count: count)
        self.count = count
    }

    private init(reservingCapacity capacity: Int) {
        base = .allocate(capacity: capacity)
        self.capacity = capacity
        count = 0
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    /// The element at a place below `count`.
    subscript(place: Int) -> Element {
        @inline(__always)
        _read {
            precondition(UInt(bitPattern: place) < UInt(bitPattern: count))
            yield base[place]
        }
        @inline(__always)
        _modify {
            precondition(UInt(bitPattern: place) < UInt(bitPattern: count))
            yield &base[place]
        }
    }

    var isEmpty: Bool { count == 0 }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { grow() }
        (base + count).initialize(to: element)
        count &+= 1
    }

    @inline(__always)
    mutating func popLast() -> Element? {
        guard count > 0 else { return nil }
        count &-= 1
        return (base + count).move()
    }

    /// Forgets all elements, but keeps the memory.
    mutating func removeAll() {
        base.deinitialize(count: count)
        count = 0
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: base, count: count)
        base.deallocate()
        base = larger
        capacity *= 2
    }
}
