"""The embedded engine through ctypes, just enough to run a statement. Library: OPTIINFRA_LIBCHDB."""
import ctypes
import os

LIBRARY = os.environ.get("OPTIINFRA_LIBCHDB", "build/engine/libchdb.so")


class Engine:
    def __init__(self, path):
        if not os.path.exists(LIBRARY):
            raise SystemExit(f"{LIBRARY} is missing: set OPTIINFRA_LIBCHDB to the path of libchdb.so")
        lib = self._lib = ctypes.CDLL(LIBRARY)
        lib.chdb_connect.restype = ctypes.c_void_p
        lib.chdb_query_n.restype = ctypes.c_void_p
        lib.chdb_query_n.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
        for name, result in (("buffer", ctypes.c_void_p), ("length", ctypes.c_size_t), ("error", ctypes.c_char_p)):
            call = getattr(lib, "chdb_result_" + name)
            call.restype, call.argtypes = result, [ctypes.c_void_p]
        lib.chdb_destroy_query_result.argtypes = lib.chdb_close_conn.argtypes = [ctypes.c_void_p]
        args = [b"measure", b"--path=" + os.fsencode(path)]
        self._handle = lib.chdb_connect(len(args), (ctypes.c_char_p * len(args))(*args))
        if not self._handle:
            raise SystemExit(f"the engine does not open {path}")
        self._connection = ctypes.cast(self._handle, ctypes.POINTER(ctypes.c_void_p))[0]

    def __call__(self, sql):
        """Run one statement; its rows as lists of text."""
        text = sql.encode()
        result = self._lib.chdb_query_n(self._connection, text, len(text), b"TSV", 3)
        error = self._lib.chdb_result_error(result)
        length = self._lib.chdb_result_length(result)
        data = ctypes.string_at(self._lib.chdb_result_buffer(result), length).decode() if length else ""
        message = error.decode() if error else None
        self._lib.chdb_destroy_query_result(result)
        if message:
            raise RuntimeError(message)
        return [line.split("\t") for line in data.splitlines()]

    def close(self):
        self._lib.chdb_close_conn(self._handle)
