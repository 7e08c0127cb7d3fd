;; A function that tail-calls out ends in another instance: its caller, which
;; called one of its own, must find its own instance and memory again.

(module $far
  (memory 1)
  (data (i32.const 0) "\07")
  (func (export "f") (param i32) (result i32)
    (i32.add (local.get 0) (i32.load8_u (i32.const 0)))))
(register "far" $far)

(module
  (import "far" "f" (func $f (param i32) (result i32)))
  (memory 1)
  (data (i32.const 0) "\09")
  (global $g (mut i32) (i32.const 5))
  (func $near (param i32) (result i32) (return_call $f (local.get 0)))
  (func (export "own") (param i32) (result i32) (local i32)
    (local.set 1 (call $near (local.get 0)))
    (i32.add (local.get 1)
      (i32.add (i32.load8_u (i32.const 0)) (global.get $g)))))
(assert_return (invoke "own" (i32.const 100)) (i32.const 121))
(assert_return (invoke "own" (i32.const 1000)) (i32.const 1021))
