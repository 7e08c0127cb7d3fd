;; What a compiler makes of destructors, typed handlers and rethrowing: one tag
;; whose payload points to an exception object in memory, cleanups that catch
;; everything and throw it again, a stack pointer that every handler puts back.
(module
  (memory 1)
  (tag $cpp (param i32))
  (global $sp (mut i32) (i32.const 65536))
  (global $heap (mut i32) (i32.const 4096))
  (global $live (mut i32) (i32.const 0))
  (global $log (mut i32) (i32.const 1))

  ;; types: address of the base's, 0 for none
  (data (i32.const 16) "\00\00\00\00") ;; error
  (data (i32.const 20) "\10\00\00\00") ;; parse error, an error
  (data (i32.const 24) "\14\00\00\00") ;; division error, a parse error
  (data (i32.const 28) "\00\00\00\00") ;; int

  (func $note (param i32)
    (global.set $log
      (i32.xor (i32.mul (global.get $log) (i32.const 16777619)) (local.get 0))))
  (func $construct (param $at i32) (param $id i32)
    (i32.store (local.get $at) (local.get $id))
    (global.set $live (i32.add (global.get $live) (i32.const 1)))
    (call $note (local.get $id)))
  (func $destroy (param $at i32)
    (global.set $live (i32.sub (global.get $live) (i32.const 1)))
    (call $note (i32.sub (i32.const 0) (i32.load (local.get $at)))))

  ;; an exception object: type, value
  (func $throw (param $type i32) (param $value i32)
    (local $e i32)
    (local.set $e (global.get $heap))
    (global.set $heap (i32.add (local.get $e) (i32.const 8)))
    (i32.store (local.get $e) (local.get $type))
    (i32.store offset=4 (local.get $e) (local.get $value))
    (throw $cpp (local.get $e)))
  (func $is (param $e i32) (param $type i32) (result i32)
    (local $t i32)
    (local.set $t (i32.load (local.get $e)))
    (loop $up
      (if (i32.eq (local.get $t) (local.get $type)) (then (return (i32.const 1))))
      (br_if $up (local.tee $t (i32.load (local.get $t)))))
    (i32.const 0))

  ;; { Guard a(n); Guard b(n + 100); if (n == 0) throw what; f(n - 1, what); }
  (func $f (param $n i32) (param $what i32)
    (local $frame i32) (local $e exnref)
    (local.set $frame (i32.sub (global.get $sp) (i32.const 16)))
    (global.set $sp (local.get $frame))
    (call $construct (local.get $frame) (local.get $n))
    (block $clean-a (result exnref)
      (try_table (catch_all_ref $clean-a)
        (call $construct (i32.add (local.get $frame) (i32.const 4))
          (i32.add (local.get $n) (i32.const 100)))
        (block $clean-b (result exnref)
          (try_table (catch_all_ref $clean-b)
            (if (local.get $n)
              (then (call $f (i32.sub (local.get $n) (i32.const 1))
                (local.get $what)))
              (else (if (local.get $what)
                (then (call $throw (local.get $what) (i32.const 7)))))))
          (call $destroy (i32.add (local.get $frame) (i32.const 4)))
          (call $destroy (local.get $frame))
          (global.set $sp (i32.add (local.get $frame) (i32.const 16)))
          (return))
        (local.set $e)
        (global.set $sp (local.get $frame))
        (call $destroy (i32.add (local.get $frame) (i32.const 4)))
        (throw_ref (local.get $e)))
      unreachable)
    (local.set $e)
    (global.set $sp (local.get $frame))
    (call $destroy (local.get $frame))
    (global.set $sp (i32.add (local.get $frame) (i32.const 16)))
    (throw_ref (local.get $e)))

  ;; try { f(n, what); return 0; }
  ;; catch (ParseError) { return 100 + value; } catch (Error) { throw; }
  (func $typed (param $n i32) (param $what i32) (result i32)
    (local $frame i32) (local $e i32) (local $x exnref)
    (local.set $frame (global.get $sp))
    (block $lpad (result i32 exnref)
      (try_table (catch_ref $cpp $lpad)
        (call $f (local.get $n) (local.get $what)))
      (return (i32.const 0)))
    (local.set $x)
    (local.set $e)
    (global.set $sp (local.get $frame))
    (if (call $is (local.get $e) (i32.const 20))
      (then (return (i32.add (i32.const 100)
        (i32.load offset=4 (local.get $e))))))
    (if (call $is (local.get $e) (i32.const 16))
      (then
        (call $note (i32.const 555))
        (i32.store offset=4 (local.get $e)
          (i32.add (i32.load offset=4 (local.get $e)) (i32.const 1)))
        (throw $cpp (local.get $e))))
    (throw_ref (local.get $x)))

  ;; try { return typed(n, what); } catch (Error) { return 200 + value; }
  ;; catch (...) { return -1; }
  (func $run (export "run") (param $n i32) (param $what i32) (result i32)
    (local $frame i32) (local $e i32)
    (local.set $frame (global.get $sp))
    (block $all
      (block $lpad (result i32)
        (try_table (result i32) (catch $cpp $lpad) (catch_all $all)
          (call $typed (local.get $n) (local.get $what)))
        (return))
      (local.set $e)
      (global.set $sp (local.get $frame))
      (br_if $all (i32.eqz (call $is (local.get $e) (i32.const 16))))
      (return (i32.add (i32.const 200) (i32.load offset=4 (local.get $e)))))
    (i32.const -1))
  (func (export "sum") (param $rounds i32) (result i32)
    (local $i i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
        (call $run (i32.rem_u (local.get $i) (i32.const 9))
          (i32.mul (i32.const 4) (i32.add (i32.const 4)
            (i32.rem_u (local.get $i) (i32.const 4)))))))
      (global.set $heap (i32.const 4096))
      (br_if $l (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get $rounds))))
    (local.get $sum))
  (func (export "after") (result i32 i32 i32)
    (global.get $sp) (global.get $live) (global.get $log)
    (global.set $log (i32.const 1))))

;; no exception: constructed 2 102 1 101 0 100, destroyed in the other order
(assert_return (invoke "run" (i32.const 2) (i32.const 0)) (i32.const 0))
(assert_return (invoke "after")
  (i32.const 65536) (i32.const 0) (i32.const 947483753))
(assert_return (invoke "run" (i32.const 2) (i32.const 20)) (i32.const 107))
;; the same order: cleanups did what the ends of the blocks do
(assert_return (invoke "after")
  (i32.const 65536) (i32.const 0) (i32.const 947483753))
(assert_return (invoke "run" (i32.const 2) (i32.const 24)) (i32.const 107))
(assert_return (invoke "after")
  (i32.const 65536) (i32.const 0) (i32.const 947483753))
;; caught, changed and thrown again
(assert_return (invoke "run" (i32.const 2) (i32.const 16)) (i32.const 208))
(assert_return (invoke "after")
  (i32.const 65536) (i32.const 0) (i32.const 1345471328))
;; passed on by a handler of other types
(assert_return (invoke "run" (i32.const 2) (i32.const 28)) (i32.const -1))
(assert_return (invoke "after")
  (i32.const 65536) (i32.const 0) (i32.const 947483753))
(assert_return (invoke "run" (i32.const 0) (i32.const 16)) (i32.const 208))
(assert_return (invoke "run" (i32.const 1000) (i32.const 16)) (i32.const 208))
(assert_return (invoke "sum" (i32.const 1000)) (i32.const 604181158))
