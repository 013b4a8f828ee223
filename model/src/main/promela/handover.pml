/*
 * Waiting and waking: two clients that take turns, their queue, LISTEN and NOTIFY, connections that break, holders that die,
 * waiters that give up. No crash of the server (lease.pml), and so no number of ticks: time-outs may happen at any moment.
 *
 * Properties, named as in the checker of ./chaos:
 *   no_lost_wakeup   no free lock with a live waiter for ever: who waits is served, or gives up by itself
 *   exclusive        who believes in a grant has it (an assertion)
 *
 * Without BACKSTOP nothing is lost but connections, nobody dies, and no renewal looks after waits: wake-ups do not live on the
 * backstop. With it notifications get lost and holders die.
 *
 * Variants, each refuted: NO_RECHECK NO_REREAD NOTIFY_BEFORE_COMMIT (without BACKSTOP); NO_RENEWED_GRANTS NO_LOOK NO_WITHDRAW (with it)
 */
mtype = { IDLE, WAITS, HOLDS, DEAD }
mtype st[2] = IDLE;

byte held;                       /* the row of the lock: 0 free, or 1 + its holder */
chan queue = [2] of { byte };    /* the queue, in order of arrival */
bool listening[2];
bool note[2];                    /* a notification on its way */
bool aborted;                    /* of NOTIFY_BEFORE_COMMIT: one release was rolled back */

#if defined(NO_LOOK) || !defined(BACKSTOP)
#define FREE_BY_LOOK false
#else
#define FREE_BY_LOOK (held == 0)
#endif

/* A notification reaches who listens when the transaction commits; with BACKSTOP it may get lost (a full queue, a pooler) */
inline notify(who) {
    if
    :: listening[who] -> note[who] = true
#ifdef BACKSTOP
    :: true
#endif
    :: !listening[who]
    fi
}

/* With the row in hand: to the first in the queue, in the same statement */
inline hand_over() {
    held = 0;
    if
    :: nempty(queue) -> queue ? next; held = 1 + next; notify(next); next = 0
    :: empty(queue)
    fi
}

/* Part of each renewal: what nobody holds any more is handed over */
inline look() {
    if
    :: FREE_BY_LOOK && nempty(queue) -> hand_over()
    :: else
    fi
}

proctype Client(byte i) {
    byte next;
    bool looked;
    do
    :: st[i] == IDLE ->
        listening[i] = true;     /* first LISTEN, then ask */
#ifdef NO_RECHECK
        /* A look without the row lock, and what it saw is taken for true when the row is written */
        if
        :: atomic { held == 0 && empty(queue) -> held = 1 + i; st[i] = HOLDS }
        :: held != 0 -> looked = true
        fi;
        if
        :: atomic { looked -> looked = false; queue ! i; st[i] = WAITS }
        :: !looked
        fi
#else
        atomic {
            if
            :: held == 0 && empty(queue) -> held = 1 + i; st[i] = HOLDS
            :: else -> queue ! i; st[i] = WAITS;
                if
                :: held == 0 -> hand_over()
                :: else
                fi
            fi
        }
#endif

    /* The notification brings the grant itself */
    :: atomic { st[i] == WAITS && note[i] -> note[i] = false; assert(held == 1 + i /* exclusive */); st[i] = HOLDS }

    /* Its connection breaks, and with it goes what was on its way. First LISTEN again, then read what was granted meanwhile, and look */
    :: atomic { st[i] == WAITS -> listening[i] = false; note[i] = false };
        listening[i] = true;
#ifndef NO_REREAD
        atomic {
            look();
            if
            :: held == 1 + i -> note[i] = false; st[i] = HOLDS
            :: else
            fi
        }
#endif

#ifdef BACKSTOP
    /* Each renewal returns grants that were not confirmed, and hands over what nobody holds */
    :: atomic { st[i] == WAITS ->
            look();
#ifndef NO_RENEWED_GRANTS
            if
            :: held == 1 + i -> note[i] = false; st[i] = HOLDS
            :: else
            fi
#endif
        }
    /* Interrupted, or too late: it leaves the queue, or gives back what it was granted meanwhile */
    :: atomic { st[i] == WAITS ->
            note[i] = false;
            st[i] = IDLE;
#ifdef NO_WITHDRAW
            st[i] = DEAD /* gone, and its session lives on: renewed by others of its client */
#else
            if
            :: held == 1 + i -> hand_over()
            :: held != 1 + i && queue ?? [eval(i)] -> queue ?? eval(i)
            :: else
            fi
#endif
        }
    /* It dies; later its session ends. Perhaps another one comes in its place, who looks; perhaps nobody does */
    :: atomic { st[i] == HOLDS -> st[i] = DEAD };
        atomic { held = 0;
            if
            :: st[i] = IDLE
            :: true
            fi }
#endif

    /* Release, with the row in hand */
    :: st[i] == HOLDS ->
#ifdef NOTIFY_BEFORE_COMMIT
        if
        :: atomic { nempty(queue) && !aborted -> queue ? <next>; notify(next); next = 0 };
            if
            :: atomic { hand_over(); st[i] = IDLE }
            :: aborted = true /* rolled back: it holds on */
            fi
        :: atomic { empty(queue) || aborted -> hand_over(); st[i] = IDLE }
        fi
#else
        atomic { hand_over(); st[i] = IDLE }
#endif
    od
}

init { atomic { run Client(0); run Client(1) } }

ltl no_lost_wakeup { [] ((st[0] == WAITS) -> <> (st[0] != WAITS)) }
