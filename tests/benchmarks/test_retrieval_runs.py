from retrieval_runs import Listener, score_flops


def test_scores_cost_three_products_of_one_more_number_than_the_directions():
    # 3 products, 2 operations a term, 5 queries x 7 candidates x (4 + 1) terms.
    assert score_flops(queries=5, candidates=7, dim=4) == 3 * 2 * 5 * 7 * 5


def test_a_listener_hands_on_the_speed_of_every_call(tmp_path):
    heard = []
    listener = Listener(tmp_path, heard.append)
    listener.steps(10, None, 0.5, 123.0)
    listener.evaluation(1, 0.1, 0.1)
    assert heard == [123.0]
