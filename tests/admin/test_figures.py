from headgate.admin import figures
from headgate.model.analytics import Bucket, Quality, Quantiles, Totals


def test_the_shapes_say_all_that_the_records_know() -> None:
    assert set(figures.Sums.model_fields) - {"error_rate"} == set(Totals.__struct_fields__) - {
        "group"
    }
    assert set(figures.QualityRow.model_fields) - {"error_rate"} == set(Quality.__struct_fields__)
    assert set(figures.BucketRow.model_fields) == set(Bucket.__struct_fields__)
    assert set(figures.Quantiles.model_fields) == set(Quantiles.__struct_fields__)
