// CityHash128 of CityHash 1.0.2, after the algorithm of Geoff Pike and Jyrki Alakuijala, whose notice:
//
// Copyright (c) 2011 Google, Inc.
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in
// all copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
// THE SOFTWARE.
#include "city_hash.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace optiinfra {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie");

using Pair = std::array<std::uint64_t, 2>;

constexpr std::uint64_t k0 = 0xc3a5c85c97cb3127, k1 = 0xb492b66fbe98f273, k2 = 0x9ae16a3b2f90404f,
                        k3 = 0xc949d7c7509e6557;

template <typename T = std::uint64_t>
T fetch(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::uint64_t rotate(std::uint64_t value, unsigned bits) { return std::rotr(value, static_cast<int>(bits)); }

std::uint64_t shift_mix(std::uint64_t value) { return value ^ (value >> 47); }

std::uint64_t mix(std::uint64_t low, std::uint64_t high) {
  constexpr std::uint64_t kMultiplier = 0x9ddfea08eb382d69;
  const std::uint64_t a = shift_mix((low ^ high) * kMultiplier);
  return shift_mix((high ^ a) * kMultiplier) * kMultiplier;
}

std::uint64_t hash_up_to_16(const std::byte* data, std::size_t size) {
  if (size > 8) {
    const std::uint64_t last = fetch(data + size - 8);
    return mix(fetch(data), rotate(last + size, static_cast<unsigned>(size))) ^ last;
  }
  if (size >= 4) {
    return mix(size + (std::uint64_t{fetch<std::uint32_t>(data)} << 3),
               fetch<std::uint32_t>(data + size - 4));
  }
  if (size == 0) return k2;
  const auto first = std::to_integer<std::uint32_t>(data[0]),
             middle = std::to_integer<std::uint32_t>(data[size >> 1]),
             last = std::to_integer<std::uint32_t>(data[size - 1]);
  const std::uint32_t y = first + (middle << 8), z = static_cast<std::uint32_t>(size) + (last << 2);
  return shift_mix(y * k2 ^ z * k3) * k2;
}

/// Of inputs under 128 bytes.
Pair hash_short(const std::byte* data, std::size_t size, Pair seed) {
  auto [a, b] = seed;
  std::uint64_t c = 0, d = 0;
  if (size <= 16) {
    a = shift_mix(a * k1) * k1;
    c = b * k1 + hash_up_to_16(data, size);
    d = shift_mix(a + (size >= 8 ? fetch(data) : c));
  } else {
    c = mix(fetch(data + size - 8) + k1, a);
    d = mix(b + size, c + fetch(data + size - 16));
    a += d;
    // The last 16 bytes were taken above; a step that reaches into them takes them again.
    for (std::size_t at = 0; at + 16 < size; at += 16) {
      a = (a ^ shift_mix(fetch(data + at) * k1) * k1) * k1;
      b ^= a;
      c = (c ^ shift_mix(fetch(data + at + 8) * k1) * k1) * k1;
      d ^= c;
    }
  }
  a = mix(a, c);
  b = mix(d, b);
  return {a ^ b, mix(b, a)};
}

Pair weak_hash_32(const std::byte* data, std::uint64_t a, std::uint64_t b) {
  const std::uint64_t last = fetch(data + 24);
  a += fetch(data);
  b = rotate(b + a + last, 21);
  const std::uint64_t first = a;
  a += fetch(data + 8) + fetch(data + 16);
  return {a + last, b + rotate(a, 44) + first};
}

struct LongState {
  std::uint64_t x, y, z;
  Pair v, w;

  LongState(const std::byte* data, std::size_t size, Pair seed) : x(seed[0]), y(seed[1]), z(size * k1) {
    v[0] = rotate(y ^ k1, 49) * k1 + fetch(data);
    v[1] = rotate(v[0], 42) * k1 + fetch(data + 8);
    w[0] = rotate(y + z, 35) * k1 + x;
    w[1] = rotate(x + fetch(data + 88), 53) * k1;
  }

  void take_64(const std::byte* data) {
    x = rotate(x + y + v[0] + fetch(data + 16), 37) * k1;
    y = rotate(y + v[1] + fetch(data + 48), 42) * k1;
    x ^= w[1];
    y ^= v[0];
    z = rotate(z ^ w[0], 33);
    v = weak_hash_32(data, v[1] * k1, x + w[0]);
    w = weak_hash_32(data + 32, z + w[1], y);
    std::swap(z, x);
  }

  void take_tail_32(const std::byte* data) {
    y = rotate(y - x, 42) * k0 + v[1];
    w[0] += fetch(data + 16);
    x = rotate(x, 49) * k0 + w[0];
    w[0] += v[0];
    v = weak_hash_32(data, v[0], v[1]);
  }
};

Pair hash_long(const std::byte* data, std::size_t size, Pair seed) {
  LongState state(data, size, seed);
  for (; size >= 128; data += 128, size -= 128) {
    state.take_64(data);
    state.take_64(data + 64);
  }
  state.y += rotate(state.w[0], 37) * k0 + state.z;
  state.x += rotate(state.v[0] + state.z, 49) * k0;
  // From the end, in steps of 32; the last step may reach back into what was taken above.
  const std::byte* end = data + size;
  for (std::size_t done = 0; done < size;) {
    done += 32;
    state.take_tail_32(end - done);
  }
  const std::uint64_t x = mix(state.x, state.v[0]), y = mix(state.y, state.w[0]);
  return {mix(x + state.v[1], state.w[1]) + y, mix(x + state.w[1], y + state.v[1])};
}

Pair hash(const std::byte* data, std::size_t size, Pair seed) {
  return size < 128 ? hash_short(data, size, seed) : hash_long(data, size, seed);
}

}  // namespace

Pair city_hash_128(std::span<const std::byte> bytes) noexcept {
  const std::byte* data = bytes.data();
  const std::size_t size = bytes.size();
  if (size >= 16) return hash(data + 16, size - 16, {fetch(data) ^ k3, fetch(data + 8)});
  if (size >= 8) return hash(nullptr, 0, {fetch(data) ^ (size * k0), fetch(data + size - 8) ^ k1});
  return hash(data, size, {k0, k1});
}

}  // namespace optiinfra
