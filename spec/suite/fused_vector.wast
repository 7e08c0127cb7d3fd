;; What a translator that fuses instructions of vectors can get wrong.  Each
;; function shows one case; its name says which.

(module
  (memory 1)
  (data (i32.const 0)
    "\00\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f"
    "\f0\f1\f2\f3\f4\f5\f6\f7\f8\f9\fa\fb\fc\fd\fe\ff")
  (data (i32.const 65520) "\01\00\00\00\02\00\00\00\03\00\00\00\04\00\00\00")
  (data (i32.const 48) ;; f32 1 2 3 4, f64 3 4
    "\00\00\80\3f\00\00\00\40\00\00\40\40\00\00\80\40"
    "\00\00\00\00\00\00\08\40\00\00\00\00\00\00\10\40")

  ;; The operand that is loaded on either side, at an offset, a sum, past what
  ;; a cell has bits for, and where the address wraps.
  (func (export "load-right") (param i32 v128) (result v128)
    (i32x4.add (local.get 1) (v128.load offset=16 (local.get 0))))
  (func (export "load-left") (param i32 v128) (result v128)
    (i32x4.add (v128.load offset=16 (local.get 0)) (local.get 1)))
  (func (export "load-left-of-sub") (param i32 v128) (result v128)
    (f32x4.sub (v128.load (local.get 0)) (local.get 1)))
  (func (export "load-right-of-sub") (param i32 v128) (result v128)
    (f32x4.sub (local.get 1) (v128.load (local.get 0))))
  (func (export "load-both") (param i32 i32) (result v128)
    (i32x4.add (v128.load (local.get 0)) (v128.load (local.get 1))))
  (func (export "load-sum") (param i32 i32 v128) (result v128)
    (v128.xor (local.get 2)
      (v128.load (i32.add (local.get 0) (local.get 1)))))
  (func (export "load-sum-offset") (param i32 i32) (result v128)
    (v128.load offset=65504 (i32.add (local.get 0) (local.get 1))))
  (func (export "load-far") (param i32 v128) (result v128)
    (v128.xor (local.get 1) (v128.load offset=65536 (local.get 0))))
  (func (export "load-wraps") (param i32 v128) (result v128)
    (v128.xor (local.get 1)
      (v128.load (i32.add (local.get 0) (i32.const 16)))))
  (func (export "load-alone-wraps") (param i32) (result v128)
    (v128.load (i32.add (local.get 0) (i32.const 16))))
  (func (export "load-minus") (param i32 v128) (result v128)
    (v128.xor (local.get 1)
      (v128.load (i32.add (local.get 0) (i32.const -16)))))
  (func (export "load-of-sum-of-made") (param i32 v128) (result v128)
    (i32x4.mul (local.get 1) (local.get 1))
    (i32x4.add (v128.load offset=16
      (i32.shl (local.get 0) (i32.const 1)))))
  (func (export "load-multiply-add") (param i32 v128 v128) (result v128)
    (f32x4.add (local.get 1)
      (f32x4.mul (local.get 2) (v128.load offset=48 (local.get 0)))))
  (func (export "load-multiply-add-made") (param i32 v128) (result v128)
    (f64x2.add (f64x2.add (local.get 1) (local.get 1))
      (f64x2.mul
        (v128.load (i32.add (local.get 0) (i32.const 48))) (local.get 1))))
  (func (export "store-sum") (param i32 i32 v128) (result v128)
    (v128.store offset=64 (i32.add (local.get 0) (local.get 1)) (local.get 2))
    (v128.load offset=64 (i32.add (local.get 0) (local.get 1))))
  (func (export "store-made") (param i32 v128) (result v128)
    (v128.store offset=64 (local.get 0)
      (i32x4.add (local.get 1) (local.get 1)))
    (v128.load offset=64 (local.get 0)))

  ;; Which operand is the one just made.
  (func (export "made-left") (param v128 v128) (result v128)
    (i32x4.sub (i32x4.add (local.get 0) (local.get 0)) (local.get 1)))
  (func (export "made-right") (param v128 v128) (result v128)
    (i32x4.sub (local.get 0) (i32x4.add (local.get 1) (local.get 1))))
  (func (export "made-twice") (param v128) (result v128)
    (local.set 0 (i32x4.add (local.get 0) (local.get 0)))
    (i32x4.mul (local.get 0) (local.get 0)))
  (func (export "made-then-overwritten") (param v128 v128) (result v128)
    (local v128)
    (local.set 2 (i32x4.add (local.get 0) (local.get 0)))
    (local.set 0 (local.get 1))
    (i32x4.sub (local.get 2) (local.get 0)))
  (func (export "made-half-overwritten") (param v128 i64) (result v128)
    (local i64 v128 i64)
    (local.set 3 (i64x2.add (local.get 0) (local.get 0)))
    (local.set 4 (i64.add (local.get 1) (local.get 1)))
    (local.set 2 (i64.add (local.get 1) (local.get 1)))
    (i64x2.sub (local.get 3) (i64x2.splat (local.get 4))))
  (func (export "made-before-branch") (param v128 i32) (result v128)
    (i32x4.add (local.get 0) (local.get 0))
    (if (param v128) (result v128) (local.get 1)
      (then (drop (i32x4.mul (local.get 0) (local.get 0))))
      (else (i32x4.sub (local.get 0))) )
    )
  (func $square (param v128) (result v128)
    (i32x4.mul (local.get 0) (local.get 0)))
  (func (export "made-before-call") (param v128) (result v128)
    (i32x4.add (local.get 0) (local.get 0))
    (call $square (local.get 0))
    i32x4.sub)
  (func (export "selected") (param v128 v128 i32) (result v128)
    (i32x4.sub
      (select (local.get 0) (local.get 1) (local.get 2))
      (i32x4.add (local.get 0) (local.get 0))))

  ;; Counts of shifts: constants, above the width, variables.
  (func (export "shift-constant") (param v128) (result v128)
    (i32x4.shl (local.get 0) (i32.const 35)))
  (func (export "shift-made") (param v128) (result v128)
    (i64x2.shr_s (i64x2.add (local.get 0) (local.get 0)) (i32.const -1)))
  (func (export "shift-variable") (param v128 i32) (result v128)
    (i16x8.shr_u (local.get 0) (local.get 1)))

  ;; Lanes made wider after a shuffle, or twice.
  (func (export "shuffle-widen-low") (param v128 v128) (result v128)
    (i16x8.extend_low_i8x16_u (i8x16.shuffle
      31 1 30 3 29 5 28 7 27 9 26 11 25 13 24 15
      (local.get 0) (local.get 1))))
  (func (export "shuffle-widen-high") (param v128 v128) (result v128)
    (i16x8.extend_high_i8x16_u (i8x16.shuffle
      31 1 30 3 29 5 28 7 27 9 26 11 25 13 24 15
      (local.get 0) (local.get 1))))
  (func (export "shuffle-widen-twice") (param v128 v128) (result v128)
    (i32x4.extend_high_i16x8_u (i16x8.extend_low_i8x16_u (i8x16.shuffle
      31 1 30 3 29 5 28 7 27 9 26 11 25 13 24 15
      (local.get 0) (local.get 1)))))
  (func (export "shuffle-right-alone") (param v128 v128) (result v128)
    (i16x8.extend_low_i8x16_u (i8x16.shuffle
      20 21 22 23 16 17 18 19 0 1 2 3 4 5 6 7
      (local.get 0) (local.get 1))))
  (func (export "shuffle-itself") (param v128) (result v128)
    (i8x16.shuffle
      31 30 29 28 27 26 25 24 7 6 5 4 3 2 1 0
      (local.get 0) (local.get 0)))
  (func (export "widen-thrice") (param v128) (result v128)
    (i64x2.extend_high_i32x4_u (i32x4.extend_low_i16x8_u
      (i16x8.extend_high_i8x16_u (local.get 0)))))
  (func (export "widen-signed-between") (param v128) (result v128)
    (i32x4.extend_low_i16x8_u
      (i16x8.extend_low_i8x16_s (local.get 0))))
  (func (export "widen-teed") (param v128) (result v128)
    (local v128)
    (i32x4.extend_low_i16x8_u
      (local.tee 1 (i16x8.extend_low_i8x16_u (local.get 0))))
    (i32x4.add (local.get 1)))
  (func (export "shuffle-then-shuffle") (param v128 v128) (result v128)
    (i8x16.shuffle
      0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
      (i8x16.shuffle
        31 1 30 3 29 5 28 7 27 9 26 11 25 13 24 15
        (local.get 0) (local.get 1))
      (local.get 0))))

(assert_return
  (invoke "load-right" (i32.const 65504) (v128.const i32x4 10 20 30 40))
  (v128.const i32x4 11 22 33 44))
(assert_return
  (invoke "load-left" (i32.const 65504) (v128.const i32x4 10 20 30 40))
  (v128.const i32x4 11 22 33 44))
(assert_trap
  (invoke "load-right" (i32.const 65505) (v128.const i32x4 10 20 30 40))
  "out of bounds memory access")
(assert_trap
  (invoke "load-left" (i32.const -16) (v128.const i32x4 10 20 30 40))
  "out of bounds memory access")
(assert_return
  (invoke "load-left-of-sub" (i32.const 256) (v128.const f32x4 1 2 3 4))
  (v128.const f32x4 -1 -2 -3 -4))
(assert_return
  (invoke "load-right-of-sub" (i32.const 256) (v128.const f32x4 1 2 3 4))
  (v128.const f32x4 1 2 3 4))
(assert_return
  (invoke "load-both" (i32.const 65520) (i32.const 65520))
  (v128.const i32x4 2 4 6 8))
(assert_return
  (invoke "load-sum" (i32.const 65000) (i32.const 520)
    (v128.const i32x4 3 3 3 3))
  (v128.const i32x4 2 1 0 7))
(assert_return
  (invoke "load-sum" (i32.const -16) (i32.const 65536)
    (v128.const i32x4 3 3 3 3))
  (v128.const i32x4 2 1 0 7))
(assert_trap
  (invoke "load-sum" (i32.const 65000) (i32.const 521)
    (v128.const i32x4 3 3 3 3))
  "out of bounds memory access")
(assert_return
  (invoke "load-sum-offset" (i32.const 7) (i32.const 9))
  (v128.const i32x4 1 2 3 4))
(assert_return
  (invoke "load-sum-offset" (i32.const -1) (i32.const 17))
  (v128.const i32x4 1 2 3 4))
(assert_trap
  (invoke "load-sum-offset" (i32.const -1) (i32.const -1))
  "out of bounds memory access")
(assert_trap
  (invoke "load-far" (i32.const -65520) (v128.const i32x4 0 0 0 0))
  "out of bounds memory access")
(assert_return
  (invoke "load-wraps" (i32.const -16) (v128.const i32x4 0 0 0 0))
  (v128.const i32x4 0x03020100 0x07060504 0x0b0a0908 0x0f0e0d0c))
(assert_return
  (invoke "load-alone-wraps" (i32.const -16))
  (v128.const i32x4 0x03020100 0x07060504 0x0b0a0908 0x0f0e0d0c))
(assert_return
  (invoke "load-minus" (i32.const 16) (v128.const i32x4 0 0 0 0))
  (v128.const i32x4 0x03020100 0x07060504 0x0b0a0908 0x0f0e0d0c))
(assert_trap
  (invoke "load-minus" (i32.const 15) (v128.const i32x4 0 0 0 0))
  "out of bounds memory access")
(assert_return
  (invoke "load-of-sum-of-made" (i32.const 32752) (v128.const i32x4 1 2 3 4))
  (v128.const i32x4 2 6 12 20))
(assert_return
  (invoke "load-multiply-add" (i32.const 0) (v128.const f32x4 1 2 3 4)
    (v128.const f32x4 5 6 7 8))
  (v128.const f32x4 6 14 24 36))
(assert_trap
  (invoke "load-multiply-add" (i32.const 65473) (v128.const f32x4 1 2 3 4)
    (v128.const f32x4 5 6 7 8))
  "out of bounds memory access")
(assert_return
  (invoke "load-multiply-add-made" (i32.const 16) (v128.const f64x2 1 2))
  (v128.const f64x2 5 12))
(assert_return
  (invoke "load-multiply-add-made" (i32.const -48) (v128.const f64x2 1 0))
  (v128.const f64x2 2 0))
(assert_trap
  (invoke "load-multiply-add-made" (i32.const -49) (v128.const f64x2 1 2))
  "out of bounds memory access")
(assert_return
  (invoke "store-sum" (i32.const 100) (i32.const 28)
    (v128.const i32x4 5 6 7 8))
  (v128.const i32x4 5 6 7 8))
(assert_trap
  (invoke "store-sum" (i32.const 65000) (i32.const 457)
    (v128.const i32x4 5 6 7 8))
  "out of bounds memory access")
(assert_return
  (invoke "store-made" (i32.const 128) (v128.const i32x4 5 6 7 8))
  (v128.const i32x4 10 12 14 16))
(assert_trap
  (invoke "store-made" (i32.const 65457) (v128.const i32x4 5 6 7 8))
  "out of bounds memory access")

(assert_return
  (invoke "made-left" (v128.const i32x4 1 2 3 4) (v128.const i32x4 9 9 9 9))
  (v128.const i32x4 -7 -5 -3 -1))
(assert_return
  (invoke "made-right" (v128.const i32x4 1 2 3 4) (v128.const i32x4 9 9 9 9))
  (v128.const i32x4 -17 -16 -15 -14))
(assert_return
  (invoke "made-twice" (v128.const i32x4 1 2 3 4))
  (v128.const i32x4 4 16 36 64))
(assert_return
  (invoke "made-then-overwritten" (v128.const i32x4 1 2 3 4)
    (v128.const i32x4 9 9 9 9))
  (v128.const i32x4 -7 -5 -3 -1))
(assert_return
  (invoke "made-half-overwritten" (v128.const i64x2 1 2) (i64.const 9))
  (v128.const i64x2 -16 -14))
(assert_return
  (invoke "made-before-branch" (v128.const i32x4 1 2 3 4) (i32.const 1))
  (v128.const i32x4 2 4 6 8))
(assert_return
  (invoke "made-before-branch" (v128.const i32x4 1 2 3 4) (i32.const 0))
  (v128.const i32x4 1 2 3 4))
(assert_return
  (invoke "made-before-call" (v128.const i32x4 1 2 3 4))
  (v128.const i32x4 1 0 -3 -8))
(assert_return
  (invoke "selected" (v128.const i32x4 1 2 3 4) (v128.const i32x4 9 9 9 9)
    (i32.const 1))
  (v128.const i32x4 -1 -2 -3 -4))
(assert_return
  (invoke "selected" (v128.const i32x4 1 2 3 4) (v128.const i32x4 9 9 9 9)
    (i32.const 0))
  (v128.const i32x4 7 5 3 1))

(assert_return
  (invoke "shift-constant" (v128.const i32x4 1 2 3 4))
  (v128.const i32x4 8 16 24 32))
(assert_return
  (invoke "shift-made" (v128.const i64x2 1 0x4000000000000000))
  (v128.const i64x2 0 -1))
(assert_return
  (invoke "shift-variable" (v128.const i16x8 16 32 48 64 -16 0 1 2)
    (i32.const 20))
  (v128.const i16x8 1 2 3 4 4095 0 0 0))

(assert_return
  (invoke "shuffle-widen-low"
    (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    (v128.const i8x16 -16 -15 -14 -13 -12 -11 -10 -9 -8 -7 -6 -5 -4 -3 -2 -1))
  (v128.const i16x8 255 1 254 3 253 5 252 7))
(assert_return
  (invoke "shuffle-widen-high"
    (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    (v128.const i8x16 -16 -15 -14 -13 -12 -11 -10 -9 -8 -7 -6 -5 -4 -3 -2 -1))
  (v128.const i16x8 251 9 250 11 249 13 248 15))
(assert_return
  (invoke "shuffle-widen-twice"
    (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    (v128.const i8x16 -16 -15 -14 -13 -12 -11 -10 -9 -8 -7 -6 -5 -4 -3 -2 -1))
  (v128.const i32x4 253 5 252 7))
(assert_return
  (invoke "shuffle-right-alone"
    (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    (v128.const i8x16 -16 -15 -14 -13 -12 -11 -10 -9 -8 -7 -6 -5 -4 -3 -2 -1))
  (v128.const i16x8 244 245 246 247 240 241 242 243))
(assert_return
  (invoke "shuffle-itself"
    (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))
  (v128.const i8x16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0))
(assert_return
  (invoke "widen-thrice"
    (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 -10 -11 12 13 14 15))
  (v128.const i64x2 246 245))
(assert_return
  (invoke "widen-signed-between"
    (v128.const i8x16 -1 1 -2 2 0 0 0 0 0 0 0 0 0 0 0 0))
  (v128.const i32x4 0xffff 1 0xfffe 2))
(assert_return
  (invoke "widen-teed"
    (v128.const i8x16 -1 1 -2 2 0 0 0 0 0 0 0 0 0 0 0 0))
  (v128.const i32x4 0x000101fe 0x000200ff 254 2))
(assert_return
  (invoke "shuffle-then-shuffle"
    (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    (v128.const i8x16 -16 -15 -14 -13 -12 -11 -10 -9 -8 -7 -6 -5 -4 -3 -2 -1))
  (v128.const i8x16 -1 1 -2 3 -3 5 -4 7 0 1 2 3 4 5 6 7))
