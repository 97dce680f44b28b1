"""Arrow's PyCapsule protocol without pyarrow: a producer of record batches and a reader of streams, by ctypes."""

import ctypes
import struct


class Schema(ctypes.Structure):
    pass


class Array(ctypes.Structure):
    pass


class Stream(ctypes.Structure):
    pass


RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(Schema))
RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
RELEASE_STREAM = ctypes.CFUNCTYPE(None, ctypes.POINTER(Stream))
GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Schema))
GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Stream), ctypes.POINTER(Array))
LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(Stream))

Schema._fields_ = [("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_void_p),
                   ("flags", ctypes.c_int64), ("n_children", ctypes.c_int64),
                   ("children", ctypes.POINTER(ctypes.POINTER(Schema))), ("dictionary", ctypes.POINTER(Schema)),
                   ("release", RELEASE_SCHEMA), ("private_data", ctypes.c_void_p)]
Array._fields_ = [("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
                  ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64),
                  ("buffers", ctypes.POINTER(ctypes.c_void_p)), ("children", ctypes.POINTER(ctypes.POINTER(Array))),
                  ("dictionary", ctypes.POINTER(Array)), ("release", RELEASE_ARRAY), ("private_data", ctypes.c_void_p)]
Stream._fields_ = [("get_schema", GET_SCHEMA), ("get_next", GET_NEXT), ("get_last_error", LAST_ERROR),
                   ("release", RELEASE_STREAM), ("private_data", ctypes.c_void_p)]

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype, new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]

NAMES = {"schema": b"arrow_schema", "array": b"arrow_array", "stream": b"arrow_array_stream"}


class _Stream:
    def __init__(self, capsule):
        self._capsule = capsule

    def __arrow_c_stream__(self, requested_schema=None):
        return self._capsule


class _Array:
    def __init__(self, capsules):
        self._capsules = capsules

    def __arrow_c_array__(self, requested_schema=None):
        return self._capsules


class RecordBatch:
    """Columns of int (as timestamp[s, UTC]), float (as float64) or str (as utf8)."""

    def __init__(self, **columns):
        self.columns = columns
        self.rows = len(next(iter(columns.values())))
        self.exported = self.released = 0
        self._alive = []  # What Arrow's structures point at; a test is short.
        self._release_schema = RELEASE_SCHEMA(self._released)
        self._release_array = RELEASE_ARRAY(self._released)

    def _released(self, pointer):
        self.released += 1
        ctypes.memset(ctypes.addressof(pointer.contents) + type(pointer.contents).release.offset, 0, 8)

    def _keep(self, thing):
        self._alive.append(thing)
        return thing

    def fill_schema(self, schema):
        fields = (ctypes.POINTER(Schema) * len(self.columns))()
        for i, (name, values) in enumerate(self.columns.items()):
            form = {int: b"tss:UTC", float: b"g", str: b"u"}[type(values[0])]
            field = self._keep(Schema(format=form, name=name.encode()))
            fields[i] = ctypes.pointer(field)
        schema.format, schema.name, schema.n_children = b"+s", b"", len(self.columns)
        schema.children = ctypes.cast(self._keep(fields), ctypes.POINTER(ctypes.POINTER(Schema)))
        schema.release = self._release_schema
        self.exported += 1

    def fill_array(self, array):
        children = (ctypes.POINTER(Array) * len(self.columns))()
        for i, values in enumerate(self.columns.values()):
            children[i] = ctypes.pointer(self._keep(self._column(values)))
        array.length, array.n_buffers, array.n_children = self.rows, 1, len(self.columns)
        array.buffers = ctypes.cast(self._keep((ctypes.c_void_p * 1)()), ctypes.POINTER(ctypes.c_void_p))
        array.children = ctypes.cast(self._keep(children), ctypes.POINTER(ctypes.POINTER(Array)))
        array.release = self._release_array
        self.exported += 1

    def _column(self, values):
        if isinstance(values[0], str):
            texts = [value.encode() for value in values]
            ends = [0]
            for text in texts:
                ends.append(ends[-1] + len(text))
            data = [struct.pack(f"{len(ends)}i", *ends), b"".join(texts)]
        else:
            data = [struct.pack(f"{len(values)}{'q' if isinstance(values[0], int) else 'd'}", *values)]
        buffers = (ctypes.c_void_p * (1 + len(data)))()
        for i, bytes_ in enumerate(data):
            buffers[1 + i] = ctypes.cast(self._keep(ctypes.create_string_buffer(bytes_)), ctypes.c_void_p)
        return Array(length=len(values), n_buffers=len(buffers),
                     buffers=ctypes.cast(self._keep(buffers), ctypes.POINTER(ctypes.c_void_p)))

    def as_array(self):
        schema, array = self._keep(Schema()), self._keep(Array())
        self.fill_schema(schema)
        self.fill_array(array)
        return _Array((new_capsule(ctypes.addressof(schema), NAMES["schema"], None),
                       new_capsule(ctypes.addressof(array), NAMES["array"], None)))

    def as_stream(self, copies=1):
        left = [copies]

        def get_schema(_, schema):
            self.fill_schema(schema.contents)
            return 0

        def get_next(_, array):
            ctypes.memset(array, 0, ctypes.sizeof(Array))
            if left[0] > 0:
                left[0] -= 1
                self.fill_array(array.contents)
            return 0

        def release(pointer):
            self._released(pointer)

        stream = self._keep(Stream(GET_SCHEMA(get_schema), GET_NEXT(get_next), LAST_ERROR(lambda _: b"no reason"),
                                   RELEASE_STREAM(release)))
        self.exported += 1
        return _Stream(new_capsule(ctypes.addressof(stream), NAMES["stream"], None))

    @staticmethod
    def read_stream(capsule):
        """Names, formats and values of a stream of one batch whose columns are "u", "L", "g" or "tss:UTC"."""
        stream = Stream.from_address(pointer_of(capsule, NAMES["stream"]))
        schema, array = Schema(), Array()
        assert stream.get_schema(ctypes.byref(stream), ctypes.byref(schema)) == 0
        assert stream.get_next(ctypes.byref(stream), ctypes.byref(array)) == 0
        fields = [schema.children[i].contents for i in range(schema.n_children)]
        names, formats = [field.name.decode() for field in fields], [field.format.decode() for field in fields]
        columns = [_values(formats[i], array.children[i].contents) for i in range(array.n_children)]
        for each in (schema, array, stream):
            each.release(ctypes.byref(each))
        return names, formats, columns


def _values(form, column):
    def is_there(row):
        bits = column.buffers[0]
        return bits is None or ctypes.cast(bits, ctypes.POINTER(ctypes.c_uint8))[row // 8] >> row % 8 & 1

    if form == "u":
        ends = ctypes.cast(column.buffers[1], ctypes.POINTER(ctypes.c_int32))
        read = lambda row: ctypes.string_at(column.buffers[2] + ends[row], ends[row + 1] - ends[row]).decode()
    else:
        number = {"L": ctypes.c_uint64, "g": ctypes.c_double, "tss:UTC": ctypes.c_int64}[form]
        numbers = ctypes.cast(column.buffers[1], ctypes.POINTER(number))
        read = lambda row: numbers[row]
    return [read(row) if is_there(row) else None for row in range(column.length)]
