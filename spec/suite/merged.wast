;; What a compiler makes one instruction of several: addresses of sums and
;; shifts, loads as operands, flags of masks.  Each where it may, and beside it
;; where it may not.

(module
  (memory 2)
  (data (i32.const 0) "\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f\10")
  (data (i32.const 1020) "\2a\00\00\00")
  (data (i32.const 65536) "\07\00\00\00")

  ;; a constant added to an address that cannot carry
  (func (export "near") (param i32) (result i32)
    (i32.load8_u
      (i32.add (i32.and (local.get 0) (i32.const 7)) (i32.const 8))))
  ;; one that does
  (func (export "carry") (param i32) (result i32)
    (i32.load8_u (i32.add (local.get 0) (i32.const 8))))
  (func (export "minus") (param i32) (result i32)
    (i32.load8_u offset=1
      (i32.add (i32.and (local.get 0) (i32.const 7)) (i32.const -1))))
  (func (export "far") (param i32) (result i32)
    (i32.load offset=4294967288
      (i32.add (i32.and (local.get 0) (i32.const 3)) (i32.const 8))))

  ;; a shifted address, without and with bits lost
  (func (export "scaled") (param i32) (result i32)
    (i32.load
      (i32.shl (i32.and (local.get 0) (i32.const 255)) (i32.const 2))))
  (func (export "lost") (param i32) (result i32)
    (i32.load (i32.shl (local.get 0) (i32.const 2))))
  (func (export "scaled16") (param i32) (result i32)
    (i32.load offset=4
      (i32.shl (i32.load16_u (local.get 0)) (i32.const 2))))
  (func (export "store-scaled") (param i32 i32) (result i32)
    (i32.store offset=32
      (i32.shl (i32.and (local.get 0) (i32.const 15)) (i32.const 3))
      (local.get 1))
    (i32.load offset=32
      (i32.shl (i32.and (local.get 0) (i32.const 15)) (i32.const 3))))

  ;; sums
  (func (export "sum3") (param i32 i32) (result i32)
    (i32.add
      (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 3)))
      (i32.const -5)))
  (func (export "sum2") (param i32 i32) (result i32)
    (i32.add (i32.shl (local.get 1) (i32.const 1)) (local.get 0)))
  (func (export "sum64") (param i64 i64) (result i64)
    (i64.add
      (i64.add (i64.shl (local.get 0) (i64.const 2)) (local.get 1))
      (i64.const 0x100000000)))
  (func (export "shift-and-constant") (param i32) (result i32)
    (i32.add (i32.shl (local.get 0) (i32.const 3)) (i32.const 1)))
  (func (export "times") (param i32) (result i32)
    (i32.sub
      (i32.add (i32.mul (local.get 0) (i32.const 9))
        (i32.mul (local.get 0) (i32.const 5)))
      (i32.mul (local.get 0) (i32.const 3))))

  ;; a load as an operand, and a store that stands between
  (func (export "operand") (param i32 i32) (result i32)
    (i32.sub (local.get 1) (i32.load (local.get 0))))
  (func (export "between") (param i32 i32) (result i32) (local i32)
    (local.set 2 (i32.load (local.get 0)))
    (i32.store (local.get 0) (local.get 1))
    (i32.sub (local.get 1) (local.get 2)))
  (func (export "same") (param i32) (result i32)
    (i32.add (local.get 0) (i32.load (local.get 0))))
  (func (export "both") (param i32 i32) (result i32)
    (i32.mul (i32.load (local.get 0)) (i32.load (local.get 1))))
  (func (export "less") (param i32 i32) (result i32)
    (i32.lt_s (i32.load (local.get 0)) (local.get 1)))
  (func (export "greater") (param i32 i32) (result i32)
    (if (result i32) (i32.gt_u (local.get 1) (i32.load (local.get 0)))
      (then (i32.const 10)) (else (i32.const 20))))
  (func (export "constant") (param i32) (result i32)
    (select (i32.const 1) (i32.const 2)
      (i64.eq (i64.load (local.get 0)) (i64.const 0x0807060504030201))))
  (func (export "zero") (param i32) (result i32)
    (i32.eqz (i32.load (local.get 0))))
  (func (export "float") (param i32 f64) (result f64)
    (f64.sub (local.get 1) (f64.load (local.get 0))))
  (func (export "float-less") (param i32 f64) (result i32)
    (f64.lt (f64.load (local.get 0)) (local.get 1)))

  ;; masks
  (func (export "mask") (param i32) (result i32)
    (if (result i32) (i32.and (local.get 0) (i32.const 0x80))
      (then (i32.const 1)) (else (i32.const 0))))
  (func (export "mask-eqz") (param i64 i64) (result i32)
    (i64.eqz (i64.and (local.get 0) (local.get 1))))
  (func (export "mask-low") (param i32) (result i32)
    (select (i32.const 5) (i32.const 6)
      (i32.and (local.get 0) (i32.const 0x41))))

  ;; flags that an instruction has left
  (func (export "count") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (i32.add (local.get 1) (i32.const 3)))
      (br_if $l
        (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))

(assert_return (invoke "near" (i32.const 0)) (i32.const 9))
(assert_return (invoke "near" (i32.const -1)) (i32.const 16))
(assert_return (invoke "carry" (i32.const -8)) (i32.const 1))
(assert_return (invoke "carry" (i32.const -1)) (i32.const 8))
(assert_trap (invoke "carry" (i32.const -9)) "out of bounds memory access")
(assert_return (invoke "minus" (i32.const 3)) (i32.const 4))
(assert_trap (invoke "minus" (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "far" (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "scaled" (i32.const 255)) (i32.const 42))
(assert_return (invoke "scaled" (i32.const 0x1ff)) (i32.const 42))
(assert_return (invoke "lost" (i32.const 0x400000ff)) (i32.const 42))
(assert_return (invoke "lost" (i32.const 0xc0000000)) (i32.const 0x04030201))
(assert_return (invoke "scaled16" (i32.const 14)) (i32.const 0))
(assert_trap (invoke "scaled16" (i32.const -1)) "out of bounds memory access")
(assert_return (invoke "store-scaled" (i32.const 31) (i32.const 77))
  (i32.const 77))
(assert_return (invoke "sum3" (i32.const 1) (i32.const 0x20000001))
  (i32.const 4))
(assert_return (invoke "sum2" (i32.const -3) (i32.const 0x80000002))
  (i32.const 1))
(assert_return (invoke "sum64" (i64.const 0x4000000000000001) (i64.const -5))
  (i64.const 0xffffffff))
(assert_return (invoke "shift-and-constant" (i32.const 0x20000002))
  (i32.const 17))
(assert_return (invoke "times" (i32.const 7)) (i32.const 77))
(assert_return (invoke "operand" (i32.const 1020) (i32.const 50))
  (i32.const 8))
(assert_trap (invoke "operand" (i32.const 131069) (i32.const 50))
  "out of bounds memory access")
(assert_return (invoke "between" (i32.const 1020) (i32.const 50))
  (i32.const 8))
(assert_return (invoke "operand" (i32.const 1020) (i32.const 50))
  (i32.const 0))
(assert_return (invoke "same" (i32.const 65536)) (i32.const 65543))
(assert_return (invoke "both" (i32.const 65536) (i32.const 1020))
  (i32.const 350))
(assert_trap (invoke "both" (i32.const 65536) (i32.const -1))
  "out of bounds memory access")
(assert_return (invoke "less" (i32.const 1020) (i32.const 51)) (i32.const 1))
(assert_return (invoke "less" (i32.const 1020) (i32.const -1)) (i32.const 0))
(assert_return (invoke "greater" (i32.const 1020) (i32.const -1))
  (i32.const 10))
(assert_return (invoke "greater" (i32.const 1020) (i32.const 50))
  (i32.const 20))
(assert_return (invoke "constant" (i32.const 0)) (i32.const 1))
(assert_return (invoke "zero" (i32.const 65540)) (i32.const 1))
(assert_return (invoke "zero" (i32.const 65536)) (i32.const 0))
(assert_return (invoke "float" (i32.const 65544) (f64.const 1.5))
  (f64.const 1.5))
(assert_return (invoke "float-less" (i32.const 65544) (f64.const 1.5))
  (i32.const 1))
(assert_return (invoke "float-less" (i32.const 65544) (f64.const nan))
  (i32.const 0))
(assert_return (invoke "mask" (i32.const 0x180)) (i32.const 1))
(assert_return (invoke "mask" (i32.const 0x17f)) (i32.const 0))
(assert_return (invoke "mask-eqz" (i64.const 0x100000000) (i64.const -1))
  (i32.const 0))
(assert_return (invoke "mask-eqz" (i64.const 5) (i64.const 10)) (i32.const 1))
(assert_return (invoke "mask-low" (i32.const 0x100)) (i32.const 6))
(assert_return (invoke "mask-low" (i32.const 0x140)) (i32.const 5))
(assert_return (invoke "count" (i32.const 5)) (i32.const 15))

;; Loads of one address stay in order: the first is what traps.
(module
  (memory 1)
  (func (export "covered") (param i32 i64) (result i64)
    (local $wide i64) (local $narrow i32)
    (local.set $wide (i64.load (local.get 0)))
    (local.set $narrow (i32.load (local.get 0)))
    (i64.add
      (i64.mul (local.get 1) (local.get $wide))
      (i64.extend_i32_u (local.get $narrow))))
  (data (i32.const 8) "\03\00\00\00\01"))
(assert_return (invoke "covered" (i32.const 8) (i64.const 2)) (i64.const 0x200000009))
(assert_trap (invoke "covered" (i32.const 65529) (i64.const 2)) "out of bounds memory access")
(assert_trap (invoke "covered" (i32.const 65536) (i64.const 2)) "out of bounds memory access")
